import sharp from 'sharp';
import type { Brush, Pixels } from './pixels.ts';

const paletteSize = 40;

/** A small picture of few colours and large squares, dithered as the machines of that time did it. */
export async function pixelArt(brush: Brush, width: number, height: number): Promise<Pixels> {
  const block = Math.max(2, Math.round(Math.min(width, height) / 144));
  const [columns, rows] = [Math.max(8, Math.ceil(width / block)), Math.max(8, Math.ceil(height / block))];
  const large = brush.rasterise(columns * 3, rows * 3);
  const small = shrunk(large, columns, rows);
  const colours = await coloursOf(small);
  const ranked = dithered(small, colours);
  const data = new Uint8Array(width * height * 4);
  const to = new Uint32Array(data.buffer);
  const from = new Uint32Array(ranked.buffer);
  for (let y = 0; y < height; y++) {
    const row = Math.min(rows - 1, Math.floor(y / block)) * columns;
    for (let x = 0; x < width; x++)
      to[y * width + x] = from[row + Math.min(columns - 1, Math.floor(x / block))] ?? 0;
  }
  return { data, width, height };
}

/** The middle of three by three decides most: edges stay sharp, and thin things are not lost. */
function shrunk({ data, width }: Pixels, columns: number, rows: number): Pixels {
  const small = new Uint8Array(columns * rows * 4);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const at = (y * columns + x) * 4;
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let dy = 0; dy < 3; dy++)
          for (let dx = 0; dx < 3; dx++)
            sum +=
              (data[((y * 3 + dy) * width + x * 3 + dx) * 4 + channel] ?? 0) * (dx === 1 && dy === 1 ? 4 : 1);
        const mean = sum / 12;
        // More contrast than the drawing has: small pictures need it.
        small[at + channel] = Math.max(0, Math.min(255, (mean - 128) * 1.14 + 128));
      }
      small[at + 3] = 255;
    }
  return { data: small, width: columns, height: rows };
}

async function coloursOf({ data, width, height }: Pixels): Promise<number[][]> {
  const raw = { raw: { width, height, channels: 4 as const } };
  const indexed = await sharp(data, raw)
    .removeAlpha()
    .png({ palette: true, colours: paletteSize, dither: 0, effort: 1 })
    .toBuffer();
  const reduced = await sharp(indexed).removeAlpha().raw().toBuffer();
  const seen = new Map<number, number[]>();
  for (let at = 0; at < reduced.length; at += 3) {
    const [red, green, blue] = [reduced[at] ?? 0, reduced[at + 1] ?? 0, reduced[at + 2] ?? 0];
    seen.set((red << 16) | (green << 8) | blue, [red, green, blue]);
  }
  return [...seen.values()];
}

const bayer = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5];

function dithered({ data, width, height }: Pixels, colours: readonly number[][]): Uint8Array {
  const result = new Uint8Array(data.length);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += 4) {
      const threshold = ((bayer[(y & 3) * 4 + (x & 3)] ?? 0) / 16 - 0.47) * 7;
      let best = colours[0] ?? [0, 0, 0];
      let least = Infinity;
      for (const colour of colours) {
        const dr = (data[at] ?? 0) + threshold - (colour[0] ?? 0);
        const dg = (data[at + 1] ?? 0) + threshold - (colour[1] ?? 0);
        const db = (data[at + 2] ?? 0) + threshold - (colour[2] ?? 0);
        const distance = dr * dr * 2 + dg * dg * 4 + db * db * 3;
        if (distance < least) [least, best] = [distance, colour];
      }
      result[at] = best[0] ?? 0;
      result[at + 1] = best[1] ?? 0;
      result[at + 2] = best[2] ?? 0;
      result[at + 3] = 255;
    }
  return result;
}
