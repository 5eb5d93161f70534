import { lighten, mix } from './colour.ts';
import { sparkle } from './settings/sky-lights.ts';
import type { Setting, Stage } from './stage.ts';
import { circle, ellipse, line, p, path, rect } from './svg.ts';

/** Fog lies among the hills; the figures stand before it, with a little of it at their feet. */
export function drawFog(
  { understanding, width, palette, random, define }: Stage,
  { ground, horizon }: Setting,
): { behind: string; before: string } {
  if (understanding.weather !== 'fog') return { behind: '', before: '' };
  const draw = random.fork('fog');
  const mist = lighten(palette.haze, palette.isDark ? 0.2 : 0.5);
  const bank = (y: number, opacity: number) =>
    ellipse(
      draw.next() * width,
      y,
      width * draw.between(0.35, 0.6),
      draw.between(30, 56),
      define.radial([
        [0, mist, opacity],
        [0.6, mist, opacity * 0.5],
        [1, mist, 0],
      ]),
    );
  const wall = rect(
    0,
    horizon - 190,
    width,
    440,
    define.linear([
      [0, mist, 0],
      [0.45, mist, 0.62],
      [1, mist, 0.05],
    ]),
  );
  return {
    behind: wall + [0.1, 0.4, 0.7].map((share) => bank(horizon + (ground - horizon) * share, 0.55)).join(''),
    before: bank(ground + 30, 0.4) + bank(ground - 10, 0.3),
  };
}

/** What lies over everything: rain, snow, fog, petals, fireflies, and a darker edge. */
export function drawWeather(stage: Stage): string {
  const { understanding, width, height, define } = stage;
  const { weather, accents, scene, style } = understanding;
  const isInside =
    scene === 'room' ||
    scene === 'studio' ||
    scene === 'table' ||
    scene === 'stage' ||
    scene === 'underwater';
  const parts: string[] = [];
  if (!isInside) {
    if (weather === 'rain' || weather === 'storm') parts.push(rain(stage, weather === 'storm'));
    if (weather === 'snow') parts.push(snow(stage));
  }
  if (accents.includes('petals')) parts.push(drifting(stage, ['#ffd3e0', '#f9a8c4', '#fff0f5'], 34));
  if (accents.includes('leaves')) parts.push(drifting(stage, ['#e9803a', '#d9542f', '#f0b13f'], 26));
  if (accents.includes('fireflies')) parts.push(fireflies(stage));
  // A vignette is two gradients at the edges; one round one over everything would cost a full fill.
  if (style !== 'ink' && style !== 'paper' && scene !== 'abstract') {
    const edge = '#0a0824';
    parts.push(
      rect(
        0,
        height * 0.8,
        width,
        height * 0.2,
        define.linear([
          [0, edge, 0],
          [1, edge, 0.16],
        ]),
      ),
    );
  }
  return parts.join('');
}

function rain({ width, height, random, palette }: Stage, isHeavy: boolean): string {
  const draw = random.fork('rain');
  const parts: string[] = [];
  for (const [size, opacity] of [
    [1, 0.28],
    [1.5, 0.42],
  ] as const) {
    let d = '';
    for (let drop = 0; drop < ((isHeavy ? 150 : 90) * width) / 1000; drop++) {
      const [x, y, length] = [
        draw.next() * width * 1.15,
        draw.next() * height * 1.05 - 30,
        draw.between(26, 54) * size,
      ];
      d += p`M${x} ${y}l${-length * 0.22} ${length}`;
    }
    parts.push(line(d, mix('#eaf4ff', palette.sky[3], 0.2), 2 * size, opacity));
  }
  let splash = '';
  for (let drop = 0; drop < (46 * width) / 1000; drop++) {
    const [x, y, r] = [draw.next() * width, height * draw.between(0.84, 0.99), draw.between(6, 15)];
    splash += p`M${x - r} ${y}a${r} ${r * 0.3} 0 1 0 ${r * 2} 0a${r} ${r * 0.3} 0 1 0 ${-r * 2} 0`;
  }
  return parts.join('') + path(splash, 'none', { stroke: '#eaf4ff', strokeWidth: 2, opacity: 0.4 });
}

function snow({ width, height, random }: Stage): string {
  const draw = random.fork('snow');
  return (
    [
      [2.6, 90, 0.6],
      [4.6, 56, 0.8],
      [8, 18, 0.9],
    ] as const
  )
    .map(([size, count, opacity]) => {
      let d = '';
      for (let flake = 0; flake < (count * width) / 1000; flake++) {
        const [x, y, r] = [draw.next() * width, draw.next() * height, size * draw.between(0.7, 1.25)];
        d += p`M${x - r} ${y}a${r} ${r} 0 1 0 ${r * 2} 0a${r} ${r} 0 1 0 ${-r * 2} 0`;
      }
      return path(d, '#ffffff', { opacity });
    })
    .join('');
}

function drifting(
  { width, height, random }: Stage,
  colours: readonly [string, string, string],
  count: number,
): string {
  const draw = random.fork('drift');
  const all = colours.map(() => '');
  for (let index = 0; index < (count * width) / 1000; index++) {
    const [x, y, r, turn] = [
      draw.next() * width,
      draw.next() * height,
      draw.between(7, 15),
      draw.between(0, 6.28),
    ];
    const [dx, dy] = [Math.cos(turn) * r, Math.sin(turn) * r];
    all[index % 3] +=
      p`M${x - dx} ${y - dy}Q${x - dy * 0.7} ${y + dx * 0.7} ${x + dx} ${y + dy}Q${x + dy * 0.3} ${y - dx * 0.3} ${x - dx} ${y - dy}Z`;
  }
  return all.map((d, index) => path(d, colours[index] ?? colours[0], { opacity: 0.92 })).join('');
}

function fireflies({ width, height, random, define }: Stage): string {
  const draw = random.fork('fireflies');
  const glow = define.radial([
    [0, '#fff6b8', 0.95],
    [0.25, '#ffe680', 0.5],
    [1, '#ffe680', 0],
  ]);
  const parts: string[] = [];
  for (let index = 0; index < 30; index++) {
    const [x, y, r] = [draw.next() * width, height * draw.between(0.3, 0.95), draw.between(9, 24)];
    parts.push(circle(x, y, r, glow));
    if (index % 7 === 0) parts.push(sparkle(x, y, r * 0.8, '#fffbe0'));
  }
  return parts.join('');
}
