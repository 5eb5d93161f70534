import type { Random } from '../random.ts';

/** Pixels in memory, four bytes each: red, green, blue and one that is not looked at. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What a style may use besides the pixels. */
export interface Brush {
  readonly random: Random;
  /** Renders the picture's drawing again, at another size. */
  rasterise(width: number, height: number): Pixels;
  /** Renders another drawing at the size of the picture. */
  drawOver(svg: string, width: number, height: number): Pixels;
}

const side = 512;
const mask = side - 1;

let clouds: readonly Float32Array[] | undefined;
let specks: Float32Array | undefined;

/**
 * Three fields of cloud, 512 square and seamless, from -1 to 1: made once a worker (40 ms) and shared by all pictures,
 * which read them at places of their own. SVG's turbulence filter makes the same per picture and takes a second.
 */
export function cloudFields(): readonly Float32Array[] {
  clouds ??= [1, 2, 3].map((seed) => cloudField(seed));
  return clouds;
}

/** Grain: every place of its own, from -1 to 1, mostly near 0. */
export function grainField(): Float32Array {
  specks ??= Float32Array.from({ length: side * side }, (_, index) => hash(index, 91) + hash(index, 17) - 1);
  return specks;
}

export function fieldAt(field: Float32Array, x: number, y: number): number {
  return field[((y & mask) << 9) | (x & mask)] ?? 0;
}

function cloudField(seed: number): Float32Array {
  const field = new Float32Array(side * side);
  let weight = 0;
  for (let octave = 0; octave < 5; octave++) {
    const cells = 4 << octave;
    const strength = 0.5 ** octave;
    weight += strength;
    const lattice = Float32Array.from(
      { length: cells * cells },
      (_, index) => hash(index, seed * 7 + octave) * 2 - 1,
    );
    const cell = side / cells;
    for (let y = 0; y < side; y++) {
      const [cy, fy] = [Math.floor(y / cell), ease((y % cell) / cell)];
      for (let x = 0; x < side; x++) {
        const [cx, fx] = [Math.floor(x / cell), ease((x % cell) / cell)];
        const [x1, y1] = [(cx + 1) % cells, (cy + 1) % cells];
        const top = lerp(lattice[cy * cells + cx] ?? 0, lattice[cy * cells + x1] ?? 0, fx);
        const low = lerp(lattice[y1 * cells + cx] ?? 0, lattice[y1 * cells + x1] ?? 0, fx);
        field[y * side + x] = (field[y * side + x] ?? 0) + lerp(top, low, fy) * strength;
      }
    }
  }
  for (let index = 0; index < field.length; index++) field[index] = ((field[index] ?? 0) / weight) * 1.7;
  return field;
}

const lerp = (a: number, b: number, t: number) => a + (b - a) * t;
const ease = (t: number) => t * t * (3 - 2 * t);

/** A number from 0 to 1 for a place in a table. */
function hash(index: number, seed: number): number {
  let mixed = Math.imul(index ^ Math.imul(seed, 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}

/** How bright each pixel is, 0 to 255. */
export function luminance({ data, width, height }: Pixels): Uint8Array {
  const light = new Uint8Array(width * height);
  for (let index = 0, at = 0; index < light.length; index++, at += 4)
    light[index] = ((data[at] ?? 0) * 77 + (data[at + 1] ?? 0) * 150 + (data[at + 2] ?? 0) * 29) >> 8;
  return light;
}

/** A box blur: two passes of a running sum, so its price does not depend on the radius. */
export function blurred(source: Uint8Array, width: number, height: number, radius: number): Uint8Array {
  const across = new Uint8Array(source.length);
  const result = new Uint8Array(source.length);
  const span = radius * 2 + 1;
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let sum = (source[row] ?? 0) * radius;
    for (let x = 0; x < radius; x++) sum += source[row + Math.min(width - 1, x)] ?? 0;
    for (let x = 0; x < width; x++) {
      sum += source[row + Math.min(width - 1, x + radius)] ?? 0;
      across[row + x] = sum / span;
      sum -= source[row + Math.max(0, x - radius)] ?? 0;
    }
  }
  const sums = new Int32Array(width);
  for (let x = 0; x < width; x++) {
    let sum = (across[x] ?? 0) * radius;
    for (let y = 0; y < radius; y++) sum += across[Math.min(height - 1, y) * width + x] ?? 0;
    sums[x] = sum;
  }
  for (let y = 0; y < height; y++) {
    const [add, drop] = [Math.min(height - 1, y + radius) * width, Math.max(0, y - radius) * width];
    for (let x = 0; x < width; x++) {
      const sum = (sums[x] ?? 0) + (across[add + x] ?? 0);
      result[y * width + x] = sum / span;
      sums[x] = sum - (across[drop + x] ?? 0);
    }
  }
  return result;
}
