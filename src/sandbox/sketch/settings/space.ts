import { darken, hsl, lighten } from '../colour.ts';
import type { Random } from '../random.ts';
import { ridgeShape, rollingRidge } from './terrain.ts';
import type { Setting, Stage } from '../stage.ts';
import { circle, ellipse, p, path, rect } from '../svg.ts';

/** Stars, a nebula, a planet; a grey foreground when somebody has to stand. */
export function spaceScene(stage: Stage): Setting {
  const { width, height, random, define, understanding } = stage;
  const draw = random.fork('space');
  const hue = draw.between(200, 330);
  const parts = [
    rect(
      0,
      0,
      width,
      height,
      define.linear(
        [
          [0, hsl(hue, 55, 7)],
          [0.6, hsl(hue - 30, 60, 12)],
          [1, hsl(hue + 30, 50, 9)],
        ],
        draw.between(-40, 40),
      ),
    ),
  ];
  const tilt = draw.between(-40, 40);
  for (let index = 0; index < 6; index++) {
    const along = draw.between(-0.45, 0.45);
    const [x, y] = [
      width * (0.5 + along),
      height * (0.42 + along * Math.sin(tilt / 57)) + draw.between(-120, 120),
    ];
    const colour = hsl(hue + draw.between(-50, 70), 80, draw.between(45, 62));
    parts.push(
      ellipse(
        x,
        y,
        draw.between(260, 520),
        draw.between(130, 250),
        define.radial([
          [0, colour, 0.46],
          [0.45, colour, 0.2],
          [1, colour, 0],
        ]),
        { transform: `rotate(${Math.round(tilt)} ${Math.round(x)} ${Math.round(y)})` },
      ),
    );
  }
  parts.push(starField(stage, draw));
  const planets = draw.whole(1, 2);
  const side = draw.chance(0.5) ? 0.2 : 0.8;
  const stands = understanding.figures.length > 0;
  const big = stands ? draw.between(110, 170) : draw.between(170, 260);
  parts.push(
    planet(
      stage,
      draw,
      width * (stands ? side : draw.between(0.35, 0.65)),
      height * (stands ? draw.between(0.2, 0.28) : draw.between(0.4, 0.55)),
      big,
      hue + 150,
      draw.chance(0.6),
    ),
  );
  if (planets === 2)
    parts.push(
      planet(stage, draw, width * (1 - side), height * draw.between(0.12, 0.4), big * 0.34, hue + 60, false),
    );
  const ground = height * 0.87;
  if (stands) {
    const soil = hsl(hue + 20, 14, 46);
    const ridge = rollingRidge(draw, width, height * 0.82, 50, 0.8);
    parts.push(
      path(
        ridgeShape(ridge, height + 20, true),
        define.linear([
          [0, lighten(soil, 0.3)],
          [0.3, soil],
          [1, darken(soil, 0.5)],
        ]),
      ),
    );
    for (let index = 0; index < 12; index++) {
      const depth = draw.next();
      const [x, y, r] = [draw.next() * width, height * (0.83 + depth * 0.15), 16 + depth * 46];
      parts.push(
        ellipse(x, y, r, r * 0.26, darken(soil, 0.4), { opacity: 0.55 }),
        ellipse(x, y + r * 0.06, r * 0.94, r * 0.2, darken(soil, 0.15), { opacity: 0.6 }),
      );
    }
  }
  return { behind: parts.join(''), before: '', ground, horizon: height * 0.7, hasShadows: stands };
}

function starField({ width, height }: Stage, draw: Random): string {
  const parts: string[] = [];
  for (const [size, count, opacity] of [
    [1.3, 240, 0.55],
    [2.2, 80, 0.8],
    [3.4, 20, 1],
  ] as const) {
    let d = '';
    for (let index = 0; index < (count * width * height) / 1e6; index++) {
      const [x, y, r] = [draw.next() * width, draw.next() * height, size * draw.between(0.7, 1.2)];
      d += p`M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
    }
    parts.push(path(d, '#ffffff', { opacity }));
  }
  return parts.join('');
}

function planet(
  { define }: Stage,
  draw: Random,
  x: number,
  y: number,
  r: number,
  hue: number,
  hasRing: boolean,
): string {
  const clip = define.clip(circle(x, y, r, '#fff'));
  const tilt = draw.between(-24, 24);
  const bands = [];
  for (let band = 0; band < 6; band++)
    bands.push(
      ellipse(
        x,
        y - r + (band + draw.between(0.3, 0.8)) * (r / 3),
        r * 1.1,
        r * draw.between(0.05, 0.15),
        hsl(hue + draw.between(-18, 30), 62, draw.between(52, 78)),
        { opacity: 0.6 },
      ),
    );
  const body =
    circle(
      x,
      y,
      r * 1.5,
      define.radial([
        [0, hsl(hue, 80, 62), 0.3],
        [0.66, hsl(hue, 80, 62), 0.2],
        [1, hsl(hue, 80, 62), 0],
      ]),
    ) +
    circle(
      x,
      y,
      r,
      define.radial(
        [
          [0, hsl(hue, 72, 76)],
          [0.6, hsl(hue + 14, 62, 54)],
          [1, hsl(hue + 30, 60, 30)],
        ],
        [0.36, 0.3, 0.85],
      ),
    ) +
    `<g clip-path="${clip}" transform="rotate(${Math.round(tilt)} ${Math.round(x)} ${Math.round(y)})">${bands.join('')}</g>` +
    circle(
      x,
      y,
      r,
      define.radial(
        [
          [0, '#05030f', 0],
          [0.62, '#05030f', 0],
          [1, '#05030f', 0.62],
        ],
        [0.3, 0.26, 0.98],
      ),
    );
  if (!hasRing) return body;
  const [rx, ry, w] = [r * 1.85, r * 0.4, r * 0.15];
  const turn = `rotate(${Math.round(tilt)} ${Math.round(x)} ${Math.round(y)})`;
  const arc = (sweep: 0 | 1) =>
    path(p`M${x - rx} ${y}A${rx} ${ry} 0 0 ${sweep} ${x + rx} ${y}`, 'none', {
      stroke: hsl(hue - 30, 50, 80),
      strokeWidth: w,
      opacity: 0.6,
      transform: turn,
    }) +
    path(p`M${x - rx * 0.84} ${y}A${rx * 0.84} ${ry * 0.8} 0 0 ${sweep} ${x + rx * 0.84} ${y}`, 'none', {
      stroke: hsl(hue + 10, 45, 70),
      strokeWidth: w * 0.5,
      opacity: 0.55,
      transform: turn,
    });
  return arc(1) + body + arc(0);
}
