import { type Brush, type Pixels, blurred, cloudFields, fieldAt, grainField, luminance } from './pixels.ts';

/** Graphite on warm paper: lines where the light changes, hatching in one, two and three directions for the darks. */
export function pencil(source: Pixels, { random }: Brush): Pixels {
  const { width, height } = source;
  const unit = Math.min(width, height) / 1000;
  const light = luminance(source);
  const near = blurred(light, width, height, Math.max(1, Math.round(1.4 * unit)));
  const far = blurred(light, width, height, Math.max(2, Math.round(5 * unit)));
  const tone = blurred(light, width, height, Math.max(2, Math.round(3 * unit)));
  const [first] = cloudFields() as [Float32Array];
  const grain = grainField();
  const [ox, oy] = [random.whole(0, 511), random.whole(0, 511)];
  const data = new Uint8Array(source.data.length);
  const pitch = 6.4 * unit;
  for (let y = 0, index = 0, at = 0; y < height; y++)
    for (let x = 0; x < width; x++, index++, at += 4) {
      const wobble = fieldAt(first, (x >> 1) + ox, (y >> 1) + oy);
      const tooth = fieldAt(grain, x + oy, y + ox);
      const dark = 255 - (tone[index] ?? 0);
      // A line: darker than what is around it, at two widths.
      const change = (far[index] ?? 0) - (near[index] ?? 0);
      let lead = change > 0 ? Math.min(205, change * 13) : Math.min(46, -change * 2);
      const bend = wobble * 5 * unit;
      const a = wave((x + y * 0.82 + bend) / pitch);
      if (dark > 66 && a < 0.55) lead += (dark - 40) * 0.7 * (1 - a);
      if (dark > 112 && wave((x - y * 0.9 + bend) / pitch) < 0.5) lead += (dark - 92) * 0.6;
      if (dark > 150 && wave((y * 1.2 + bend) / (pitch * 0.8)) < 0.5) lead += (dark - 140) * 0.7;
      lead *= 0.82 + tooth * 0.42;
      lead += dark * 0.15;
      const left = 1 - Math.max(0, Math.min(225, lead)) / 255;
      const paper = 1 + tooth * 0.012;
      // A breath of the colours stays in the lead.
      const grey = light[index] ?? 0;
      for (let channel = 0; channel < 3; channel++) {
        const chroma = ((source.data[at + channel] ?? 0) - grey) * 0.05;
        const value =
          (paperTone[channel] ?? 245) * paper * left + (leadTone[channel] ?? 60) * (1 - left) + chroma;
        data[at + channel] = value < 0 ? 0 : value > 255 ? 255 : value;
      }
      data[at + 3] = 255;
    }
  return { data, width, height };
}

const paperTone = [249, 245, 236] as const;
const leadTone = [52, 52, 62] as const;

/** A sawtooth folded into a triangle: 0 to 1 and back. */
function wave(phase: number): number {
  const part = phase - Math.floor(phase);
  return part < 0.5 ? part * 2 : 2 - part * 2;
}
