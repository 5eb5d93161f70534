import { lighten, mix } from '../colour.ts';
import type { Random } from '../random.ts';
import { ridgeShape, rollingRidge } from './terrain.ts';
import type { Setting, Stage } from '../stage.ts';
import { circle, line, p, path, rect } from '../svg.ts';

/** Under the surface: shafts of light, bubbles, weed and coral. */
export function underwaterScene(stage: Stage): Setting {
  const { width, height, random, define, palette } = stage;
  const draw = random.fork('underwater');
  const deep = palette.isDark
    ? ['#0a3a5c', '#072747', '#04142c']
    : draw.pick([
        ['#5fd3e6', '#1d8fc4', '#0b3f7d'],
        ['#7fe3dc', '#1fa0a8', '#0a4a68'],
        ['#74c8f2', '#2a7fd0', '#152f7a'],
      ] as const);
  const [light = '#5fd3e6', middle = '#1d8fc4', dark = '#0b3f7d'] = deep;
  const parts = [
    rect(
      0,
      0,
      width,
      height,
      define.linear([
        [0, light],
        [0.45, middle],
        [1, dark],
      ]),
    ),
  ];
  const shaft = define.linear([
    [0, '#ffffff', 0.34],
    [1, '#ffffff', 0],
  ]);
  for (let index = 0; index < 6; index++) {
    const [x, w] = [width * draw.between(-0.1, 1), draw.between(50, 130)];
    parts.push(
      path(
        p`M${x} -10L${x + w} -10L${x + w * 2.4 - 180} ${height * 0.8}L${x - w - 180} ${height * 0.8}Z`,
        shaft,
        { opacity: draw.between(0.35, 0.8) },
      ),
    );
  }
  for (let layer = 0; layer < 3; layer++) {
    const ridge = rollingRidge(draw, width, height - 20 + layer * 30, 260 - layer * 70, 2);
    parts.push(
      path(ridgeShape(ridge, height + 20, true), mix(middle, dark, 0.35 + layer * 0.3), { opacity: 0.75 }),
    );
  }
  const sand = mix('#f1dcaa', dark, 0.42);
  parts.push(
    path(
      ridgeShape(rollingRidge(draw, width, height + 20, 150, 1.2), height + 20, true),
      define.linear([
        [0, mix(sand, '#ffffff', 0.12)],
        [1, mix(sand, dark, 0.45)],
      ]),
    ),
  );
  for (let index = 0; index < 9; index++)
    parts.push(
      coral(
        draw,
        (width * (index + draw.next())) / 9,
        height * draw.between(0.9, 0.99),
        draw.between(60, 150),
        draw.pick(['#ff7a8a', '#ff9f5a', '#c77dff', '#ffd166', '#5fd0a8'] as const),
        dark,
      ),
    );
  const before: string[] = [];
  for (let index = 0; index < 26; index++) {
    const [x, y, r] = [draw.next() * width, draw.next() * height * 0.9, draw.between(3, 13)];
    before.push(
      circle(x, y, r, '#ffffff', { opacity: 0.16 }),
      circle(x - r * 0.3, y - r * 0.3, r * 0.28, '#ffffff', { opacity: 0.65 }),
    );
  }
  return {
    behind: parts.join(''),
    before: before.join(''),
    ground: height * 0.93,
    horizon: height * 0.5,
    hasShadows: false,
  };
}

function coral(draw: Random, x: number, y: number, size: number, colour: string, dark: string): string {
  const tone = mix(colour, dark, 0.22);
  if (draw.chance(0.4)) {
    let d = '';
    for (let blade = 0; blade < 5; blade++) {
      const [bx, h, lean] = [
        x + (blade - 2) * size * 0.16,
        size * draw.between(0.9, 1.7),
        draw.between(-30, 30),
      ];
      d += p`M${bx} ${y}C${bx + lean} ${y - h * 0.35} ${bx - lean} ${y - h * 0.7} ${bx + lean * 0.6} ${y - h}`;
    }
    return line(d, mix('#3fae6a', dark, 0.25), size * 0.085);
  }
  let d = p`M${x} ${y}V${y - size * 0.5}`;
  for (const side of [-1, 1])
    d += p`M${x} ${y - size * 0.2}Q${x + side * size * 0.35} ${y - size * 0.25} ${x + side * size * 0.34} ${y - size * draw.between(0.55, 0.8)}M${x} ${y - size * 0.45}Q${x + side * size * 0.16} ${y - size * 0.6} ${x + side * size * 0.14} ${y - size * draw.between(0.8, 1)}`;
  return line(d, tone, size * 0.11) + line(d, lighten(tone, 0.25), size * 0.03, 0.6);
}
