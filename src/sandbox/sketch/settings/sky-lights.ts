import { hsl, lighten } from '../colour.ts';
import type { SkyPlan } from './sky.ts';
import type { Stage } from '../stage.ts';
import { circle, ellipse, line, number, p, path } from '../svg.ts';

/** Stars as three paths: a thousand elements would cost more than the rest of the sky. */
export function drawStars(
  { width, height, random, define }: Stage,
  horizon: number,
  isDense: boolean,
): string {
  const draw = random.fork('stars');
  const classes = [
    { size: 1.5, share: 0.62, opacity: 0.5 },
    { size: 2.3, share: 0.28, opacity: 0.75 },
    { size: 3.4, share: 0.1, opacity: 0.95 },
  ];
  const total = Math.round(((isDense ? 420 : 190) * width * Math.min(height, horizon)) / 700_000);
  const parts: string[] = [];
  if (isDense) {
    const tilt = draw.between(-38, 38);
    const [x, y] = [width * draw.between(0.35, 0.65), horizon * 0.45];
    const band = define.radial([
      [0, '#dfe3ff', 0.34],
      [0.5, '#a9b4f0', 0.16],
      [1, '#8c9bea', 0],
    ]);
    for (const spread of [1, 0.55])
      parts.push(
        ellipse(x, y, width * 0.85, 170 * spread, band, {
          transform: `rotate(${number(tilt)} ${number(x)} ${number(y)})`,
        }),
      );
  }
  for (const { size, share, opacity } of classes) {
    let d = '';
    for (let index = 0; index < total * share; index++) {
      const [x, y, r] = [
        draw.next() * width,
        draw.next() ** 1.25 * horizon * 0.97,
        size * draw.between(0.7, 1.2),
      ];
      d += p`M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
    }
    parts.push(path(d, '#ffffff', { opacity }));
  }
  for (let index = 0; index < (isDense ? 6 : 3); index++)
    parts.push(sparkle(draw.next() * width, draw.next() * horizon * 0.7, draw.between(7, 14), '#ffffff'));
  return parts.join('');
}

/** A four-pointed star. */
export function sparkle(x: number, y: number, size: number, colour: string, opacity = 0.95): string {
  const s = size * 0.12;
  return path(
    p`M${x} ${y - size}Q${x + s} ${y - s} ${x + size} ${y}Q${x + s} ${y + s} ${x} ${y + size}Q${x - s} ${y + s} ${x - size} ${y}Q${x - s} ${y - s} ${x} ${y - size}Z`,
    colour,
    { opacity },
  );
}

export function drawRainbow({ width, height }: Stage, { horizon, sunX }: SkyPlan): string {
  const x = sunX > width / 2 ? width * 0.3 : width * 0.7;
  const radius = Math.min(width * 0.5, height * 0.55);
  return ['#ff5f6d', '#ff9a4d', '#ffd84d', '#5fd07a', '#4fa8ff', '#9a6bff']
    .map((colour, index) =>
      line(
        p`M${x - radius + index * 15} ${horizon + 60}A${radius - index * 15} ${radius - index * 15} 0 0 1 ${x + radius - index * 15} ${horizon + 60}`,
        colour,
        16,
        0.5,
      ),
    )
    .join('');
}

export function drawAurora({ width, random, define }: Stage, horizon: number): string {
  const draw = random.fork('aurora');
  const hue = draw.pick([150, 160, 172] as const);
  const parts: string[] = [];
  for (let band = 0; band < 3; band++) {
    const base = horizon * (0.4 + band * 0.13);
    const tall = horizon * draw.between(0.34, 0.5);
    const phase = draw.between(0, 6.3);
    const colour = hsl(hue + band * draw.between(16, 42), 82, 58);
    const fill = define.linear([
      [0, colour, 0],
      [0.4, colour, 0.22],
      [0.88, lighten(colour, 0.2), 0.85],
      [1, colour, 0],
    ]);
    const columns = 22;
    for (let column = 0; column < columns; column++) {
      const at = column / columns;
      const y = base + Math.sin(at * 5.4 + phase) * 52 + Math.sin(at * 12 + phase * 2) * 20;
      const lean = Math.cos(at * 5.4 + phase) * 30;
      const [x, w] = [at * width, width / columns + 1.4];
      const top = y - tall * (0.7 + 0.3 * Math.sin(at * 9 + phase));
      parts.push(
        path(p`M${x} ${y}L${x + w} ${y + lean * 0.12}L${x + w + lean} ${top}L${x + lean} ${top}Z`, fill),
      );
    }
  }
  return parts.join('');
}

export function drawFireworks({ width, random, define }: Stage, horizon: number): string {
  const draw = random.fork('fireworks');
  const parts: string[] = [];
  for (let burst = 0; burst < 5; burst++) {
    const [x, y, size] = [
      width * (0.1 + burst * 0.2 + draw.between(-0.05, 0.05)),
      horizon * draw.between(0.15, 0.55),
      draw.between(80, 160),
    ];
    const colour = hsl(draw.pick([350, 28, 48, 190, 280, 330] as const), 95, 70);
    parts.push(
      circle(
        x,
        y,
        size * 1.1,
        define.radial([
          [0, colour, 0.4],
          [1, colour, 0],
        ]),
      ),
    );
    const rays = draw.whole(14, 22);
    let d = '';
    for (let ray = 0; ray < rays; ray++) {
      const angle = (ray / rays) * Math.PI * 2;
      const reach = size * draw.between(0.8, 1.05);
      const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
      d += p`M${x + dx * size * 0.22} ${y + dy * size * 0.22}Q${x + dx * reach * 0.7} ${y + dy * reach * 0.7} ${x + dx * reach} ${y + dy * reach + size * 0.12}`;
      parts.push(circle(x + dx * reach, y + dy * reach + size * 0.12, 4, lighten(colour, 0.5)));
    }
    parts.push(line(d, colour, 3.2, 0.9));
  }
  return parts.join('');
}

export function drawLightning({ width, random }: Stage, horizon: number): string {
  const draw = random.fork('lightning');
  let [x, y] = [width * draw.between(0.25, 0.75), horizon * 0.3];
  let d = p`M${x} ${y}`;
  while (y < horizon * 0.97) {
    x += draw.between(-46, 46);
    y += draw.between(34, 70);
    d += p`L${x} ${y}`;
  }
  return line(d, '#cfd8ff', 14, 0.25) + line(d, '#f4f6ff', 5);
}
