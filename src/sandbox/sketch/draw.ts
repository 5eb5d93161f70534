import { createHash } from 'node:crypto';
import { Resvg } from '@resvg/resvg-js';
import sharp from 'sharp';
import { compose } from './compose.ts';
import type { InputPicture } from './figures/easel.ts';
import type { SketchRequest } from './maker.ts';
import { createRandom } from './random.ts';
import { type Mark, providerWatermark, sandboxRibbon } from './ribbon.ts';
import { finish } from './styles/finish.ts';
import type { Brush, Pixels } from './styles/pixels.ts';
import { understand } from './understand.ts';
import type { Style } from './understanding.ts';

/** An input is shown a few hundred pixels wide; nobody needs its other millions. */
const inputSide = 720;
const maxInputs = 7;
const maxInputPixels = 80_000_000;

/** Grain hardly compresses: trying harder costs twenty milliseconds a megapixel and saves a quarter. */
const grainy = new Set<Style>(['watercolour', 'ink', 'pencil', 'oil', 'vintage', 'mono']);

/** Draws one request. Blocks its thread for most of the time it takes: workers only. */
export async function draw(request: SketchRequest): Promise<Uint8Array> {
  const { prompt, seed, width, height } = request;
  const understanding = understand(prompt);
  const inputs = await Promise.all(request.inputs.slice(0, maxInputs).map(readInput));
  const key = createHash('sha256').update(`${seed} ${inputs.length} `).update(prompt).digest('hex');
  const svg = compose(understanding, { key, width, height, inputs });
  const brush: Brush = {
    random: createRandom(`${key} style`),
    rasterise: (w, h) => rasterise(svg, w, h),
    drawOver: rasterise,
  };
  const pixels = await finish(understanding.style, width, height, brush);
  const marks = [
    sandboxRibbon(width, height),
    ...(request.watermark ? [providerWatermark(width, height)] : []),
  ];
  return await encode(pixels, request, marks, grainy.has(understanding.style));
}

/** Where the SVG's own size is a ratio only, this gives it its pixels. */
function rasterise(svg: string, width: number, height: number): Pixels {
  const sized = svg.replace('<svg ', `<svg width="${width}" height="${height}" preserveAspectRatio="none" `);
  const image = new Resvg(sized, { font: { loadSystemFonts: false } }).render();
  return { data: image.pixels, width: image.width, height: image.height };
}

async function encode(
  pixels: Pixels,
  { width, height, format }: SketchRequest,
  marks: readonly Mark[],
  isGrainy: boolean,
): Promise<Uint8Array> {
  let image = sharp(pixels.data, {
    raw: { width: pixels.width, height: pixels.height, channels: 4 },
  }).removeAlpha();
  // Bilinear: at these sizes the finer kernels take twice as long, and show nothing more of paint.
  if (pixels.width !== width || pixels.height !== height)
    image = image.resize(width, height, { fit: 'fill', kernel: 'linear' });
  image = image.composite(
    marks.map(({ data, left, top, width, height }) => ({
      input: Buffer.from(data),
      raw: { width, height, channels: 4 },
      left,
      top,
    })),
  );
  const compressionLevel = isGrainy && width * height < 5_000_000 ? 1 : 3;
  return await (format === 'png' ? image.png({ compressionLevel }) : image.jpeg({ quality: 90 })).toBuffer();
}

/** Null where the bytes are no picture: that is for the caller's checks to refuse, not for a drawing. */
async function readInput(bytes: Uint8Array): Promise<InputPicture | null> {
  try {
    const image = sharp(bytes, { failOn: 'none', limitInputPixels: maxInputPixels, pages: 1 })
      .rotate()
      .resize(inputSide, inputSide, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb');
    const { data, info } = await image.jpeg({ quality: 90 }).toBuffer({ resolveWithObject: true });
    return { dataUri: `data:image/jpeg;base64,${data.toString('base64')}`, ratio: info.width / info.height };
  } catch {
    return null;
  }
}
