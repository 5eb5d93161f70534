import { type Brush, type Pixels, blurred, cloudFields, fieldAt, luminance } from './pixels.ts';

/**
 * Brush strokes, really laid on: broad ones everywhere, narrower ones where the picture has detail. Each takes its
 * colour from the drawing under it and follows the forms there. Strokes run over the border, so no specks are left.
 */
export function oil(source: Pixels, { random }: Brush): Pixels {
  const { width, height } = source;
  const unit = Math.min(width, height) / 1000;
  const canvas: Pixels = { data: Uint8Array.from(source.data), width, height };
  const light = luminance(source);
  const soft = blurred(light, width, height, Math.max(1, Math.round(3 * unit)));
  const [flow] = cloudFields();
  const turn = {
    field: flow ?? new Float32Array(512 * 512),
    ox: random.whole(0, 511),
    oy: random.whole(0, 511),
  };
  const passes = [
    { step: 20, length: 76, width: 23, detail: 0 },
    { step: 12, length: 40, width: 11, detail: 7 },
    { step: 6.5, length: 20, width: 5.5, detail: 16 },
  ];
  for (const pass of passes) {
    const step = Math.max(2, pass.step * unit);
    for (let y = -step; y < height + step; y += step)
      for (let x = -step; x < width + step; x += step) {
        const [px, py] = [
          Math.round(x + random.between(-0.6, 0.6) * step),
          Math.round(y + random.between(-0.6, 0.6) * step),
        ];
        const at = clamp(py, height) * width + clamp(px, width);
        const [gx, gy] = slope(
          soft,
          width,
          height,
          clamp(px, width),
          clamp(py, height),
          Math.max(1, Math.round(3 * unit)),
        );
        const strength = Math.abs(gx) + Math.abs(gy);
        if (strength < pass.detail) continue;
        const drift =
          fieldAt(
            turn.field,
            Math.floor(px / (unit * 2.2)) + turn.ox,
            Math.floor(py / (unit * 2.2)) + turn.oy,
          ) * 1.1;
        const angle = strength > 9 ? Math.atan2(gx, -gy) : drift;
        const shade = 1 + random.between(-0.075, 0.075);
        const short = strength > 26 ? 0.6 : 1;
        stroke(
          canvas,
          px,
          py,
          angle,
          pass.length * unit * short,
          pass.width * unit,
          source.data,
          at * 4,
          shade,
          random.whole(0, 255),
        );
      }
  }
  return canvas;
}

const clamp = (value: number, limit: number) => (value < 0 ? 0 : value >= limit ? limit - 1 : value);

function slope(
  light: Uint8Array,
  width: number,
  height: number,
  x: number,
  y: number,
  reach: number,
): [number, number] {
  const row = y * width;
  const gx = (light[row + clamp(x + reach, width)] ?? 0) - (light[row + clamp(x - reach, width)] ?? 0);
  const gy =
    (light[clamp(y + reach, height) * width + x] ?? 0) - (light[clamp(y - reach, height) * width + x] ?? 0);
  return [gx, gy];
}

const lanes = new Uint32Array(512);
const ends = new Float32Array(512);

/** One stroke: bristles leave streaks, the far edge catches light, the near one a shadow, the end runs dry. */
function stroke(
  { data, width, height }: Pixels,
  cx: number,
  cy: number,
  angle: number,
  length: number,
  thickness: number,
  source: Uint8Array,
  from: number,
  shade: number,
  streak: number,
): void {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [halfLength, halfWidth] = [length / 2, Math.max(1, thickness / 2)];
  const [red, green, blue] = [
    (source[from] ?? 0) * shade,
    (source[from + 1] ?? 0) * shade,
    (source[from + 2] ?? 0) * shade,
  ];
  const count = Math.min(511, Math.ceil(halfWidth * 2.6));
  for (let lane = 0; lane <= count; lane++) {
    const bristle = ((lane * 73 + streak) * 131) & 255;
    const across = lane / 1.3 - halfWidth;
    const lift =
      (bristle - 128) * 0.075 + (across < -halfWidth * 0.55 ? 7 : across > halfWidth * 0.6 ? -9 : 0);
    lanes[lane] = byte(red + lift) | (byte(green + lift) << 8) | (byte(blue + lift) << 16) | 0xff000000;
    // Rounded at both ends, and frayed.
    ends[lane] = halfLength * (0.8 + bristle / 1275) - Math.abs(across) * 0.35;
  }
  const target = new Uint32Array(data.buffer, data.byteOffset, data.byteLength >> 2);
  const reachY = Math.abs(sin) * halfLength + Math.abs(cos) * halfWidth;
  const reachX = Math.abs(cos) * halfLength + Math.abs(sin) * halfWidth;
  const [top, bottom] = [Math.max(0, Math.floor(cy - reachY)), Math.min(height - 1, Math.ceil(cy + reachY))];
  for (let y = top; y <= bottom; y++) {
    const dy = y - cy;
    // Only the part of the row that the stroke's width covers.
    let [left, right] = [-reachX, reachX];
    if (Math.abs(sin) > 0.01) {
      const [a, b] = [(dy * cos - halfWidth) / sin, (dy * cos + halfWidth) / sin];
      left = Math.max(left, Math.min(a, b));
      right = Math.min(right, Math.max(a, b));
    }
    const [from, to] = [Math.max(0, Math.ceil(cx + left)), Math.min(width - 1, Math.floor(cx + right))];
    let along = (from - cx) * cos + dy * sin;
    let lane = (dy * cos - (from - cx) * sin + halfWidth) * 1.3;
    const row = y * width;
    for (let x = from; x <= to; x++, along += cos, lane -= sin * 1.3) {
      const which = lane < 0 ? 0 : lane | 0;
      const end = ends[which] ?? 0;
      if (along <= end && along >= -end) target[row + x] = lanes[which] ?? 0;
    }
  }
}

const byte = (value: number) => (value < 0 ? 0 : value > 255 ? 255 : value | 0);
