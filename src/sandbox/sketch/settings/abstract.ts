import { hsl, lighten, mix } from '../colour.ts';
import { hueOf } from '../palette.ts';
import type { Random } from '../random.ts';
import type { Setting, Stage } from '../stage.ts';
import { circle, line, p, path, rect } from '../svg.ts';
import { ridgeShape, rollingRidge } from './terrain.ts';

type Colours = readonly [back: string, first: string, second: string, third: string, pale: string];

const families: readonly [Colours, ...Colours[]] = [
  ['#1d2a4d', '#e4572e', '#f3a712', '#29a3a3', '#f7ecd8'],
  ['#f4e9d8', '#d1495b', '#edae49', '#00798c', '#2e4057'],
  ['#2b1b46', '#ff6b8b', '#ffb86b', '#6bc5ff', '#f6e7ff'],
  ['#0f3d3e', '#e2a03f', '#d95d39', '#8fc1a9', '#f2ead3'],
  ['#f2efe9', '#3d5a80', '#ee6c4d', '#98c1d9', '#293241'],
  ['#3a0f2e', '#ff4f79', '#ffa94f', '#8a5cf6', '#ffe9ef'],
  ['#e8f1ee', '#2a9d8f', '#e9c46a', '#e76f51', '#264653'],
];

/** A composition of shapes for prompts that name nothing we can draw: never a wrong object. */
export function abstractScene(stage: Stage): Setting {
  const draw = stage.random.fork('abstract');
  const colours = coloursOf(stage, draw);
  const make = draw.pick([waves, discs, bauhaus, ribbons, arches, orbits] as const);
  return {
    behind: make(stage, draw, colours),
    before: '',
    ground: stage.height * 0.86,
    horizon: stage.height * 0.6,
    hasShadows: true,
  };
}

function coloursOf({ understanding, palette }: Stage, draw: Random): Colours {
  const [first, second] = understanding.tints;
  if (understanding.style === 'ink') return ['#f3eee2', '#33363b', '#77797a', '#b3372c', '#c9c6bb'];
  if (!first)
    return understanding.style === 'neon'
      ? ['#0d0726', '#ff2fa0', '#27e6ff', '#8a5cf6', '#ffe36e']
      : draw.pick(families);
  const hue = hueOf(first);
  const other = second ? hueOf(second) : hue + draw.pick([28, 180, 150, -32] as const);
  const strength = first === 'grey' || first === 'black' || first === 'white' ? 6 : 66;
  const isDark = palette.isDark || first === 'black' || first === 'navy' || draw.chance(0.4);
  return [
    hsl(hue, strength * 0.7, isDark ? 15 : 92),
    hsl(hue, strength, 48),
    hsl(other, second ? 72 : strength, 58),
    hsl(hue, strength * 0.8, 34),
    hsl(other, strength, isDark ? 88 : 30),
  ];
}

/** Layered waves under a disc. */
function waves(stage: Stage, draw: Random, [back, first, second, third, pale]: Colours): string {
  const { width, height, define } = stage;
  const parts = [
    rect(
      0,
      0,
      width,
      height,
      define.linear(
        [
          [0, back],
          [1, mix(back, first, 0.45)],
        ],
        draw.between(-30, 30),
      ),
    ),
  ];
  const [x, y, r] = [
    width * draw.between(0.25, 0.75),
    height * draw.between(0.22, 0.4),
    draw.between(110, 200),
  ];
  parts.push(
    circle(
      x,
      y,
      r * 1.9,
      define.radial([
        [0, second, 0.5],
        [1, second, 0],
      ]),
    ),
    circle(
      x,
      y,
      r,
      define.linear([
        [0, lighten(second, 0.25)],
        [1, second],
      ]),
    ),
  );
  for (let ring = 1; ring <= 3; ring++)
    parts.push(
      circle(x, y, r + ring * 34, 'none', { stroke: pale, strokeWidth: 2, opacity: 0.4 - ring * 0.09 }),
    );
  const layers = 8;
  for (let layer = 0; layer < layers; layer++) {
    const share = layer / (layers - 1);
    const tone = share < 0.5 ? mix(second, first, share * 2) : mix(first, third, share * 2 - 1);
    const d = ridgeShape(
      rollingRidge(draw, width, height * (0.5 + share * 0.52), 210 - share * 60, 1.6),
      height + 30,
      true,
    );
    parts.push(
      path(d, '#000000', { opacity: 0.08, transform: 'translate(0 -10)' }),
      path(
        d,
        define.linear([
          [0, lighten(tone, 0.22)],
          [0.3, tone],
          [1, mix(tone, back, 0.35)],
        ]),
      ),
    );
  }
  return parts.join('');
}

/** Overlapping discs of thin colour. */
function discs(stage: Stage, draw: Random, [back, first, second, third, pale]: Colours): string {
  const { width, height, define } = stage;
  const parts = [rect(0, 0, width, height, back)];
  for (let index = 0; index < 17; index++) {
    const tone = draw.pick([first, second, third, first, second] as const);
    const r = draw.between(50, 270) * (index < 5 ? 1.2 : 0.8);
    const [x, y] = [width * draw.next(), height * draw.next()];
    if (draw.chance(0.25))
      parts.push(
        circle(x, y, r * 0.7, 'none', { stroke: tone, strokeWidth: draw.between(5, 22), opacity: 0.85 }),
      );
    else
      parts.push(
        circle(
          x,
          y,
          r,
          define.linear(
            [
              [0, lighten(tone, 0.18), 0.92],
              [1, tone, 0.5],
            ],
            draw.between(0, 360),
          ),
        ),
      );
  }
  for (let index = 0; index < 5; index++) {
    const [x, y] = [width * draw.next(), height * draw.next()];
    let dots = '';
    for (let row = 0; row < 5; row++)
      for (let column = 0; column < 5; column++)
        dots += p`M${x + column * 22 - 4} ${y + row * 22}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0`;
    parts.push(path(dots, pale, { opacity: 0.7 }));
  }
  return parts.join('');
}

/** Quarter circles, halves and bars on a grid. */
function bauhaus(stage: Stage, draw: Random, [back, first, second, third, pale]: Colours): string {
  const { width, height } = stage;
  const cell = draw.pick([167, 200, 250] as const);
  const parts = [rect(0, 0, width, height, back)];
  for (let y = 0; y < height; y += cell)
    for (let x = 0; x < width; x += cell) {
      const [ground, figure] = draw.pick([
        [back, first],
        [first, pale],
        [second, back],
        [third, second],
        [back, third],
        [pale, first],
        [back, second],
      ] as const);
      const c = cell;
      parts.push(rect(x, y, c + 1, c + 1, ground));
      const corner = draw.whole(0, 3);
      const turn = `rotate(${corner * 90} ${Math.round(x + c / 2)} ${Math.round(y + c / 2)})`;
      const kind = draw.whole(0, 6);
      if (kind === 0)
        parts.push(path(p`M${x} ${y}H${x + c}A${c} ${c} 0 0 1 ${x} ${y + c}Z`, figure, { transform: turn }));
      else if (kind === 1)
        parts.push(
          path(p`M${x} ${y}A${c / 2} ${c / 2} 0 0 0 ${x + c} ${y}Z`, figure, { transform: turn }),
          path(p`M${x} ${y + c / 2}A${c / 2} ${c / 2} 0 0 0 ${x + c} ${y + c / 2}Z`, figure, {
            transform: turn,
          }),
        );
      else if (kind === 2)
        parts.push(
          circle(x + c / 2, y + c / 2, c * 0.4, figure),
          circle(x + c / 2, y + c / 2, c * 0.18, ground),
        );
      else if (kind === 3)
        parts.push(path(p`M${x} ${y}L${x + c} ${y}L${x} ${y + c}Z`, figure, { transform: turn }));
      else if (kind === 4)
        for (let bar = 0; bar < 3; bar++)
          parts.push(rect(x + (c * bar) / 3 + c * 0.06, y, c * 0.16, c, figure, { transform: turn }));
      else if (kind === 5)
        for (const r of [0.95, 0.68, 0.41])
          parts.push(
            path(
              p`M${x} ${y + c * r}A${c * r} ${c * r} 0 0 0 ${x + c * r} ${y}h${-c * 0.13}A${c * (r - 0.13)} ${c * (r - 0.13)} 0 0 1 ${x} ${y + c * (r - 0.13)}Z`,
              figure,
              { transform: turn },
            ),
          );
    }
  return parts.join('');
}

/** Bands of lines flowing across. */
function ribbons(stage: Stage, draw: Random, [back, first, second, third, pale]: Colours): string {
  const { width, height, define } = stage;
  const parts = [
    rect(
      0,
      0,
      width,
      height,
      define.linear(
        [
          [0, back],
          [1, mix(back, third, 0.3)],
        ],
        35,
      ),
    ),
  ];
  const lines = 34;
  const phase = draw.between(0, 6);
  const [a, b] = [draw.between(90, 210), draw.between(50, 130)];
  for (let index = 0; index < lines; index++) {
    const share = index / (lines - 1);
    const tone =
      share < 0.33
        ? mix(pale, first, share * 3)
        : share < 0.66
          ? mix(first, second, share * 3 - 1)
          : mix(second, third, share * 3 - 2);
    let d = '';
    for (let step = 0; step <= 20; step++) {
      const x = -40 + ((width + 80) * step) / 20;
      const t = x / 1000;
      const y =
        height * (0.18 + share * 0.64) +
        Math.sin(t * 3.1 + phase + share * 1.8) * a * (1 - share * 0.6) +
        Math.sin(t * 6.4 + phase * 2 + share * 3.4) * b * share;
      d += `${step ? 'L' : 'M'}${p`${x} ${y}`}`;
    }
    parts.push(line(d, tone, 15 - Math.abs(share - 0.5) * 14, 0.95));
  }
  return parts.join('');
}

/** Nested arches on a horizon, a moon behind. */
function arches(stage: Stage, draw: Random, [back, first, second, third, pale]: Colours): string {
  const { width, height } = stage;
  const parts = [
    rect(0, 0, width, height, mix(back, pale, 0.06)),
    circle(width * draw.between(0.2, 0.8), height * 0.24, draw.between(80, 130), second),
  ];
  const tones = [first, second, third, pale, mix(first, back, 0.4)] as const;
  const count = draw.whole(3, 4);
  for (let arch = 0; arch < count; arch++) {
    const x = (width * (arch + 0.5)) / count + draw.between(-40, 40);
    const outer = draw.between(170, 290);
    const foot = height;
    const spring = height * draw.between(0.56, 0.78);
    for (let ring = 0; ring < 5; ring++) {
      const r = outer * (1 - ring * 0.2);
      parts.push(
        path(
          p`M${x - r} ${foot}V${spring}A${r} ${r} 0 0 1 ${x + r} ${spring}V${foot}Z`,
          tones[(ring + arch) % tones.length] ?? first,
        ),
      );
    }
  }
  const floor = ridgeShape(rollingRidge(draw, width, height * 0.92, 60, 1), height + 20, true);
  parts.push(path(floor, mix(third, back, 0.35)));
  for (let index = 0; index < 30; index++)
    parts.push(
      circle(draw.next() * width, draw.next() * height, draw.between(1.5, 4), pale, { opacity: 0.5 }),
    );
  return parts.join('');
}

/** Rings and their satellites. */
function orbits(stage: Stage, draw: Random, [back, first, second, third, pale]: Colours): string {
  const { width, height, define } = stage;
  const [x, y] = [width * draw.between(0.36, 0.64), height * draw.between(0.4, 0.6)];
  const parts = [
    rect(
      0,
      0,
      width,
      height,
      define.radial([
        [0, mix(back, first, 0.35)],
        [1, back],
      ]),
    ),
  ];
  const squash = draw.between(0.5, 1);
  const turn = draw.between(-40, 40);
  const rings = draw.whole(6, 9);
  for (let ring = rings; ring >= 1; ring--) {
    const r = ring * 62 + draw.between(-12, 12);
    const tone = [first, second, third, pale][ring % 4] ?? first;
    const from = draw.between(0, 360);
    parts.push(
      `<g transform="translate(${Math.round(x)} ${Math.round(y)}) rotate(${Math.round(turn)}) scale(1 ${squash.toFixed(2)}) rotate(${Math.round(from)})">${path(p`M${r} 0A${r} ${r} 0 1 1 ${r * Math.cos(1)} ${-r * Math.sin(1)}`, 'none', { stroke: tone, strokeWidth: draw.between(4, 26), opacity: 0.9 })}${circle(r, 0, draw.between(12, 30), lighten(tone, 0.25))}</g>`,
    );
  }
  parts.push(
    circle(
      x,
      y,
      92,
      define.radial([
        [0, second, 0.7],
        [1, second, 0],
      ]),
    ),
    circle(x, y, 48, lighten(second, 0.2)),
  );
  return parts.join('');
}
