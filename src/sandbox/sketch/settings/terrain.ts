import { lighten, mix } from '../colour.ts';
import type { Random } from '../random.ts';
import type { Stage } from '../stage.ts';
import { number, p, path } from '../svg.ts';

export type Point = readonly [x: number, y: number];

/** A skyline: the height at any x, and its points from left to right. */
export interface Ridge {
  readonly points: readonly Point[];
  at(x: number): number;
}

/** Rolling land: a few long waves on top of each other. */
export function rollingRidge(
  random: Random,
  width: number,
  base: number,
  height: number,
  waves = 1.6,
): Ridge {
  const layers = [1, 2.3, 4.1].map((frequency, index) => ({
    frequency: frequency * waves * random.between(0.8, 1.2),
    phase: random.between(0, Math.PI * 2),
    size: [0.58, 0.28, 0.14][index] ?? 0.1,
  }));
  const at = (x: number) => {
    const wave = layers.reduce(
      (sum, { frequency, phase, size }) => sum + size * Math.sin((x / 1000) * frequency * Math.PI + phase),
      0,
    );
    return base - height * (0.5 + wave * 0.5);
  };
  const steps = Math.ceil(width / 42);
  return {
    points: Array.from({ length: steps + 3 }, (_, index) => [
      (index - 1) * (width / steps),
      at((index - 1) * (width / steps)),
    ]),
    at,
  };
}

/** Rock: straight lines broken again and again, a few high peaks. */
export function rockyRidge(
  random: Random,
  width: number,
  base: number,
  height: number,
  peaks: number,
): Ridge {
  let points: Point[] = [[-40, base - height * random.between(0.15, 0.5)]];
  for (let index = 0; index < peaks; index++) {
    const x = (width * (index + random.between(0.3, 0.7))) / peaks;
    points.push([x, base - height * random.between(0.62, 1)]);
    points.push([(width * (index + 1)) / peaks, base - height * random.between(0.2, 0.42)]);
  }
  points.push([width + 40, base - height * random.between(0.15, 0.5)]);
  points = points.sort(([a], [b]) => a - b);
  let rough = height * 0.075;
  for (let pass = 0; pass < 3; pass++) {
    points = points.flatMap(([x, y], index) => {
      const next = points[index + 1];
      if (!next) return [[x, y] as const];
      const share = random.between(0.38, 0.62);
      return [
        [x, y] as const,
        [x + (next[0] - x) * share, y + (next[1] - y) * share + random.between(-rough, rough)] as const,
      ];
    });
    rough *= 0.55;
  }
  return { points, at: (x) => heightAt(points, x) };
}

function heightAt(points: readonly Point[], x: number): number {
  const index = points.findIndex(([px]) => px >= x);
  const [right, left] = [points[Math.max(0, index)], points[Math.max(0, index - 1)]];
  if (!right || !left) return points.at(-1)?.[1] ?? 0;
  const share = right[0] === left[0] ? 0 : (x - left[0]) / (right[0] - left[0]);
  return left[1] + (right[1] - left[1]) * share;
}

/** The outline of everything below a ridge; smooth ones are drawn through the middles of their points. */
export function ridgeShape({ points }: Ridge, bottom: number, isSmooth: boolean): string {
  const [first, ...others] = points;
  if (!first) return '';
  let d = p`M${first[0]} ${bottom}L${first[0]} ${first[1]}`;
  if (!isSmooth) d += others.map(([x, y]) => p`L${x} ${y}`).join('');
  else {
    for (let index = 0; index < others.length - 1; index++) {
      const [here, next] = [others[index], others[index + 1]];
      if (here && next) d += p`Q${here[0]} ${here[1]} ${(here[0] + next[0]) / 2} ${(here[1] + next[1]) / 2}`;
    }
    const last = others.at(-1);
    if (last) d += p`L${last[0]} ${last[1]}`;
  }
  return `${d}L${number(points.at(-1)?.[0] ?? 0)} ${number(bottom)}Z`;
}

/** Soft far hills, one behind the other, each a step nearer in colour, mist at their feet. */
export function farHills(
  stage: Stage,
  base: number,
  options: { layers: number; height: number; random: Random },
): string {
  const { width, palette } = stage;
  const isPaper = stage.understanding.style === 'paper';
  const parts: string[] = [];
  for (let layer = 0; layer < options.layers; layer++) {
    const near = (layer + 1) / (options.layers + 1.2);
    const ridge = rollingRidge(
      options.random,
      width,
      base + 4,
      options.height * (1 - layer * 0.22),
      1.3 + layer * 0.4,
    );
    const colour = mix(palette.haze, palette.shade, near * 0.62);
    parts.push(layered(stage, ridgeShape(ridge, base + 60, true), isPaper ? colour : misty(stage, colour)));
  }
  return parts.join('');
}

/** A fill that pales towards its foot, as land does in the distance. */
export function misty({ define, palette }: Stage, colour: string, share = 0.5): string {
  return define.linear([
    [0, colour],
    [0.35, mix(colour, palette.haze, share * 0.3)],
    [1, mix(colour, lighten(palette.haze, 0.25), share)],
  ]);
}

/** A shape; in the paper style with the shadow of a sheet lying on another. */
export function layered({ understanding }: Stage, d: string, fill: string): string {
  if (understanding.style !== 'paper') return path(d, fill);
  const shadow = [10, 6]
    .map((lift) => path(d, '#0a0d24', { opacity: 0.1, transform: `translate(0 -${lift})` }))
    .join('');
  return (
    shadow +
    path(d, fill) +
    path(d, 'none', {
      stroke: lighten(fill.startsWith('#') ? fill : '#8fa0c0', 0.35),
      strokeWidth: 2,
      opacity: 0.5,
    })
  );
}

/** A range of rock: mist at the foot, a light and a dark side, snow above a line. */
export function mountainRange(
  stage: Stage,
  ridge: Ridge,
  base: number,
  colour: string,
  options: { snow: number; light: 1 | -1 },
): string {
  const { palette, random } = stage;
  const draw = random.fork(`rock ${Math.round(base)} ${colour}`);
  const d = ridgeShape(ridge, base + 30, false);
  const isInk = stage.understanding.style === 'ink';
  const parts = [
    layered(
      stage,
      d,
      stage.understanding.style === 'paper' ? colour : misty(stage, colour, isInk ? 0.95 : 0.6),
    ),
  ];
  const tops = peaksOf(ridge, base);
  let facets = '';
  let caps = '';
  for (const { x, y, left, right } of tops) {
    const tall = base - y;
    // The lit side: from the peak down a broken line to the foot, out along the ridge.
    const side = options.light === 1 ? right : left;
    const outer = ridge.points
      .filter(([px]) => (options.light === 1 ? px >= x && px <= side : px <= x && px >= side))
      .map(([px, py]) => p`L${px} ${py}`);
    const inner = [0.8, 0.55, 0.3].map(
      (share) =>
        p`L${x + (side - x) * (0.75 - share * 0.62) * draw.between(0.5, 1.1)} ${y + tall * (1.02 - share)}`,
    );
    facets += `${p`M${x} ${y}`}${(options.light === 1 ? outer : outer.reverse()).join('')}${inner.join('')}Z`;
    if (tall < options.snow) continue;
    const low = y + Math.min(tall * 0.42, tall - options.snow * 0.6);
    const capLeft = ridge.points.filter(([px, py]) => px < x && px > left && py < low);
    const capRight = ridge.points.filter(([px, py]) => px > x && px < right && py < low);
    const [from, to] = [capLeft[0] ?? [x - 12, y + 16], capRight.at(-1) ?? [x + 12, y + 16]];
    let zigzag = '';
    const teeth = 6;
    for (let tooth = 1; tooth < teeth; tooth++) {
      const tx = to[0] + ((from[0] - to[0]) * tooth) / teeth;
      zigzag += p`L${tx} ${Math.max(to[1], from[1]) + (tooth % 2 ? 1 : -0.4) * tall * draw.between(0.03, 0.1)}`;
    }
    caps += `${p`M${from[0]} ${from[1]}`}${capLeft.map(([px, py]) => p`L${px} ${py}`).join('')}${p`L${x} ${y}`}${capRight.map(([px, py]) => p`L${px} ${py}`).join('')}${zigzag}Z`;
  }
  if (!isInk)
    parts.push(path(facets, mix(palette.sun, colour, 0.35), { opacity: palette.isDark ? 0.12 : 0.26 }));
  if (caps)
    parts.push(
      path(
        caps,
        palette.isDark
          ? mix('#ffffff', palette.sky[1], 0.35)
          : mix('#ffffff', palette.sky[3], palette.isLow ? 0.25 : 0.05),
        { opacity: 0.94 },
      ),
    );
  return parts.join('');
}

interface Peak {
  readonly x: number;
  readonly y: number;
  readonly left: number;
  readonly right: number;
}

function peaksOf({ points }: Ridge, base: number): Peak[] {
  const highest = Math.min(...points.map(([, y]) => y));
  const peaks = points.filter(
    ([x, y]) =>
      y < base - (base - highest) * 0.5 && points.every(([ox, oy]) => Math.abs(ox - x) > 90 || oy >= y),
  );
  return peaks.map(([x, y], index) => {
    const [before, after] = [peaks[index - 1], peaks[index + 1]];
    return {
      x,
      y,
      left: before ? (before[0] + x) / 2 : x - 190,
      right: after ? (after[0] + x) / 2 : x + 190,
    };
  });
}
