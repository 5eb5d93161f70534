import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { goldenPrompts } from './golden-prompts.ts';
import { startSketchMaker } from './maker.ts';

// Draws every golden prompt onto one sheet, for a person to look at:
//   node src/sandbox/sketch/contact-sheet.ts [file] [seed]

const file = process.argv[2] ?? fileURLToPath(new URL('../../../docs/sketch-golden.png', import.meta.url));
const seed = Number(process.argv[3] ?? 1);
const [columns, tile, gap] = [7, 250, 4];

/** A picture to hand in: green, with a yellow disc. */
async function sampleInput(): Promise<Uint8Array> {
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480"><rect width="640" height="480" fill="#1fae5a"/><circle cx="320" cy="240" r="150" fill="#ffe14a"/></svg>';
  return await sharp(Buffer.from(svg)).webp().toBuffer();
}

const maker = startSketchMaker();
const input = await sampleInput();
const tiles = await Promise.all(
  goldenPrompts.map(async ({ prompt, hasInput }, index) => {
    const picture = await maker.draw({
      prompt,
      seed,
      width: 1024,
      height: 1024,
      format: 'png',
      inputs: hasInput ? [input] : [],
      watermark: false,
    });
    return {
      input: await sharp(picture).resize(tile, tile).toBuffer(),
      left: (index % columns) * (tile + gap),
      top: Math.floor(index / columns) * (tile + gap),
    };
  }),
);
await maker.close();
const height = Math.ceil(goldenPrompts.length / columns) * (tile + gap) - gap;
const sheet = sharp({
  create: { width: columns * (tile + gap) - gap, height, channels: 3, background: '#ffffff' },
}).composite(tiles);
mkdirSync(dirname(file), { recursive: true });
// A palette keeps the sheet small enough for the repository.
writeFileSync(file, await sheet.png({ palette: true, colours: 200, effort: 8, dither: 0.6 }).toBuffer());
