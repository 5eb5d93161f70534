import { type Brush, type Pixels, blurred, cloudFields, fieldAt, grainField, luminance } from './pixels.ts';

/**
 * Water on paper: outlines wander, pigment gathers in pools and along edges, the paper shows through. All by
 * arithmetic over the pixels (60 ms a megapixel). `isInk` is the Chinese manner: softer edges, no margin.
 */
export function watercolour(source: Pixels, { random }: Brush, isInk = false): Pixels {
  const { width, height } = source;
  const [first, second, third] = cloudFields() as [Float32Array, Float32Array, Float32Array];
  const specks = grainField();
  const [ox, oy] = [random.whole(0, 511), random.whole(0, 511)];
  const unit = Math.min(width, height) / 1000;
  const wet = {
    data: wandered(source, first, second, {
      ox,
      oy,
      reach: (isInk ? 11 : 9) * unit,
      scale: 1.6 / Math.max(0.4, unit),
    }),
    width,
    height,
  };
  const light = luminance(wet);
  const soft = blurred(light, width, height, Math.max(1, Math.round(4 * unit)));
  const wide = blurred(soft, width, height, Math.max(2, Math.round(16 * unit)));
  const margin = isInk ? -1 : 30 * unit;
  const data = new Uint8ClampedArray(wet.data.buffer);
  const scale = 0.9 / Math.max(0.4, unit);
  const fade = 7 * unit;
  for (let y = 0, index = 0, at = 0; y < height; y++) {
    const fromEdgeY = Math.min(y, height - 1 - y) - margin;
    const py = Math.floor(y * scale) + oy;
    const gy = y + ox;
    for (let x = 0; x < width; x++, index++, at += 4) {
      const pool = fieldAt(third, Math.floor(x * scale) + ox, py);
      const grain = fieldAt(specks, x + oy, gy);
      const here = soft[index] ?? 0;
      const edge = here - (light[index] ?? 0);
      const contour = (wide[index] ?? 0) - here;
      // Pigment: more in pools, more where a dark wash ends, less on the ridges of the paper.
      const pigment =
        pool * 0.34 +
        grain * 0.1 +
        (edge > 0 ? edge * 0.013 : edge * 0.004) +
        (contour > 0 ? contour * 0.006 : 0) -
        0.1;
      const amount = pigment / 132;
      const veil = grain > 0.3 ? 0.105 : 0.075;
      const red = data[at] ?? 0;
      const green = data[at + 1] ?? 0;
      const blue = data[at + 2] ?? 0;
      let r = red - amount * red * (255 - red);
      let g = green - amount * green * (255 - green);
      let b = blue - amount * blue * (255 - blue);
      r += (252 - r) * veil;
      g += (252 - g) * veil;
      b += (252 - b) * veil;
      if (margin > 0 && (fromEdgeY < 32 * unit || x < margin * 2.2 || x > width - margin * 2.2)) {
        const inside =
          Math.min(x - margin, width - 1 - x - margin, fromEdgeY) - pool * 13 * unit - grain * 1.2 * unit;
        const edgeTone = inside < 0 ? 0 : inside < fade ? 0.88 : 1;
        r = edgeTone === 0 ? 252 : r * edgeTone;
        g = edgeTone === 0 ? 249 : g * edgeTone;
        b = edgeTone === 0 ? 241 : b * edgeTone;
      }
      // Steps of two: the grain hides them, and the file is a fifth smaller.
      data[at] = stepped(r);
      data[at + 1] = stepped(g);
      data[at + 2] = stepped(b);
    }
  }
  return wet;
}

const stepped = (value: number) => (value < 0 ? 0 : value > 255 ? 254 : value & 0xfe);

interface Wander {
  readonly ox: number;
  readonly oy: number;
  readonly reach: number;
  readonly scale: number;
}

/** Every pixel fetched from a little beside, as wet paint would have flowed. */
function wandered(
  { data, width, height }: Pixels,
  first: Float32Array,
  second: Float32Array,
  { ox, oy, reach, scale }: Wander,
): Uint8Array {
  const result = new Uint8Array(data.length);
  const from = new Uint32Array(data.buffer, data.byteOffset, data.byteLength >> 2);
  const to = new Uint32Array(result.buffer);
  for (let y = 0, index = 0; y < height; y++) {
    const fy = Math.floor(y * scale) + oy;
    for (let x = 0; x < width; x++, index++) {
      const fx = Math.floor(x * scale) + ox;
      const sx = x + Math.floor(fieldAt(first, fx, fy) * reach);
      const sy = y + Math.floor(fieldAt(second, fx, fy) * reach);
      const cx = sx < 0 ? 0 : sx >= width ? width - 1 : sx;
      const cy = sy < 0 ? 0 : sy >= height ? height - 1 : sy;
      to[index] = from[cy * width + cx] ?? 0;
    }
  }
  return result;
}
