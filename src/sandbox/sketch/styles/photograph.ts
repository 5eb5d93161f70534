import { type Brush, type Pixels, fieldAt, grainField } from './pixels.ts';

/** An old print: faded blacks, warm whites, dark corners, grain. */
export function vintage(source: Pixels, brush: Brush): Pixels {
  return developed(source, brush, {
    saturation: 0.55,
    tone: [1.08, 0.985, 0.82],
    lift: 20,
    contrast: 0.98,
    grain: 9,
    corners: 0.4,
  });
}

/** Black and white film. */
export function mono(source: Pixels, brush: Brush): Pixels {
  return developed(source, brush, {
    saturation: 0,
    tone: [1, 1, 1],
    lift: 2,
    contrast: 1.14,
    grain: 10,
    corners: 0.34,
  });
}

interface Film {
  readonly saturation: number;
  readonly tone: readonly [number, number, number];
  readonly lift: number;
  readonly contrast: number;
  readonly grain: number;
  readonly corners: number;
}

function developed({ data, width, height }: Pixels, { random }: Brush, film: Film): Pixels {
  const field = grainField();
  const [ox, oy] = [random.whole(0, 511), random.whole(0, 511)];
  const [toneRed, toneGreen, toneBlue] = film.tone;
  for (let y = 0, at = 0; y < height; y++) {
    const v = (y / height - 0.5) * 2;
    for (let x = 0; x < width; x++, at += 4) {
      const u = (x / width - 0.5) * 2;
      const far = u * u + v * v - 0.55;
      const dim = far > 0 ? 1 - far * film.corners * 0.62 : 1;
      const grain = fieldAt(field, x + ox, y + oy) * film.grain;
      const [red, green, blue] = [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
      const grey = red * 0.3 + green * 0.59 + blue * 0.11;
      const bring = (value: number, tone: number) => {
        const plain = grey + (value - grey) * film.saturation;
        const result =
          (((plain - 128) * film.contrast + 128 + film.lift * (1 - plain / 255)) * tone + grain) * dim;
        return result < 0 ? 0 : result > 255 ? 255 : result;
      };
      data[at] = bring(red, toneRed);
      data[at + 1] = bring(green, toneGreen);
      data[at + 2] = bring(blue, toneBlue);
    }
  }
  return { data, width, height };
}
