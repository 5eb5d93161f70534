import { format } from '../colour.ts';
import { type Brush, type Pixels, luminance } from './pixels.ts';

/** Facets: a grid of points, pulled to the nearest edges of the drawing, each triangle in one colour. */
export function lowPoly(brush: Brush, width: number, height: number): Pixels {
  const unit = 340 / Math.min(width, height);
  const small = brush.rasterise(Math.round(width * unit), Math.round(height * unit));
  const light = luminance(small);
  const step = 11;
  const [columns, rows] = [Math.ceil(small.width / step) + 1, Math.ceil(small.height / step) + 1];
  const points = Array.from({ length: columns * rows }, (_, index) => {
    const [column, row] = [index % columns, Math.floor(index / columns)];
    return pulled(
      light,
      small,
      brush,
      column * step + (row % 2 ? step / 2 : 0),
      row * step,
      step,
      column === 0 || column === columns - 1,
      row === 0 || row === rows - 1,
    );
  });
  const parts: string[] = [];
  for (let row = 0; row < rows - 1; row++)
    for (let column = 0; column < columns - 1; column++) {
      const at = row * columns + column;
      const [a, b, c, d] = [points[at], points[at + 1], points[at + columns], points[at + columns + 1]];
      if (!a || !b || !c || !d) continue;
      const pairs =
        row % 2
          ? [
              [a, b, d],
              [a, d, c],
            ]
          : [
              [a, b, c],
              [b, d, c],
            ];
      for (const triangle of pairs) parts.push(facet(small, triangle as [Point, Point, Point], brush));
    }
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${small.width} ${small.height}" stroke-width=".55" stroke-linejoin="round">${parts.join('')}</svg>`;
  return brush.drawOver(svg, width, height);
}

type Point = readonly [x: number, y: number];

function pulled(
  light: Uint8Array,
  { width, height }: Pixels,
  { random }: Brush,
  x: number,
  y: number,
  step: number,
  isSide: boolean,
  isEnd: boolean,
): Point {
  const [jx, jy] = [x + random.between(-0.26, 0.26) * step, y + random.between(-0.26, 0.26) * step];
  let best: Point = [jx, jy];
  let most = 26;
  const reach = Math.floor(step * 0.42);
  for (let dy = -reach; dy <= reach; dy += 2)
    for (let dx = -reach; dx <= reach; dx += 2) {
      const [px, py] = [Math.round(jx + dx), Math.round(jy + dy)];
      if (px < 1 || py < 1 || px >= width - 1 || py >= height - 1) continue;
      const at = py * width + px;
      const edge =
        Math.abs((light[at + 1] ?? 0) - (light[at - 1] ?? 0)) +
        Math.abs((light[at + width] ?? 0) - (light[at - width] ?? 0));
      if (edge > most) [most, best] = [edge, [px, py]];
    }
  return [
    isSide ? (x < width / 2 ? -2 : width + 2) : best[0],
    isEnd ? (y < height / 2 ? -2 : height + 2) : best[1],
  ];
}

function facet(
  { data, width, height }: Pixels,
  [a, b, c]: readonly [Point, Point, Point],
  { random }: Brush,
): string {
  const sum = [0, 0, 0];
  const samples = [
    [1 / 3, 1 / 3],
    [0.6, 0.2],
    [0.2, 0.6],
    [0.2, 0.2],
  ] as const;
  for (const [u, v] of samples) {
    const w = 1 - u - v;
    const [x, y] = [a[0] * u + b[0] * v + c[0] * w, a[1] * u + b[1] * v + c[1] * w];
    const at =
      (Math.max(0, Math.min(height - 1, Math.round(y))) * width +
        Math.max(0, Math.min(width - 1, Math.round(x)))) *
      4;
    for (let channel = 0; channel < 3; channel++)
      sum[channel] = (sum[channel] ?? 0) + (data[at + channel] ?? 0) / samples.length;
  }
  const shade = 1 + random.between(-0.055, 0.055);
  const colour = format((sum[0] ?? 0) * shade, (sum[1] ?? 0) * shade, (sum[2] ?? 0) * shade);
  const spot = ([x, y]: Point) => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
  return `<path d="M${spot(a)}L${spot(b)}L${spot(c)}Z" fill="${colour}" stroke="${colour}"/>`;
}
