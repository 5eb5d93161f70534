import { darken, hsl, lighten, mix } from '../colour.ts';
import { hueOf } from '../palette.ts';
import type { Random } from '../random.ts';
import { schemes } from './schemes.ts';
import { curtains, windowView } from './window.ts';
import type { Setting, Stage } from '../stage.ts';
import { circle, ellipse, line, p, path, rect } from '../svg.ts';

/** A room with a window to the world, and a rug in the middle to stand on. */
export function roomScene(stage: Stage): Setting {
  const { width, height, random, palette, define, understanding } = stage;
  const draw = random.fork('room');
  const [plainWall, plainFloor, cloth, trim] = draw.pick(schemes);
  const [tint] = understanding.tints;
  const dim = palette.isDark ? 0.58 : palette.isLow ? 0.14 : 0;
  const night = '#1b2148';
  const wall = mix(
    tint ? hsl(hueOf(tint), tint === 'grey' || tint === 'white' ? 8 : 38, 80) : plainWall,
    palette.isDark ? night : palette.sky[2],
    dim,
  );
  const floor = mix(plainFloor, palette.isDark ? night : palette.sky[2], dim * 0.9);
  const white = mix(trim, palette.isDark ? night : palette.sky[3], dim * 0.8);
  const horizon = height * draw.between(0.68, 0.72);
  const windowLeft = draw.chance(0.5);
  const w = Math.min(380, width * 0.36);
  const x = windowLeft ? width * 0.07 : width * 0.93 - w;
  const [y, h] = [height * 0.09, Math.min(height * 0.44, 480)];
  const parts = [
    rect(
      0,
      0,
      width,
      horizon,
      define.linear(
        [
          [0, darken(wall, 0.06)],
          [0.6, wall],
          [1, lighten(wall, 0.12)],
        ],
        windowLeft ? 70 : -70,
      ),
    ),
    wallPattern(stage, draw, wall, horizon),
    floorboards(stage, draw, floor, horizon),
    rect(0, horizon - 20, width, 24, white),
    rect(0, horizon + 4, width, 10, darken(floor, 0.5), { opacity: 0.35 }),
    windowView(stage, draw, x, y, w, h, white),
    curtains(x, y, w, h, mix(cloth, palette.isDark ? night : palette.sky[3], dim), horizon),
  ];
  // Light falls from the window across the floor.
  const beam = windowLeft
    ? p`M${x + 20} ${y + h}L${x + w - 10} ${y + h}L${x + w + 330} ${height}L${x + 190} ${height}Z`
    : p`M${x + 10} ${y + h}L${x + w - 20} ${y + h}L${x + w - 190} ${height}L${x - 330} ${height}Z`;
  if (!palette.isDark)
    parts.push(
      path(
        beam,
        define.linear([
          [0, palette.glow, 0.05],
          [0.4, palette.glow, 0.3],
          [1, palette.glow, 0.05],
        ]),
      ),
    );
  parts.push(rug(stage, draw, cloth, white, dim));
  const free = windowLeft ? width * 0.72 : width * 0.28;
  const named = new Set(understanding.figures.map((figure) => figure.name));
  if (!understanding.isMinimal) {
    if (!named.has('framed-picture') && !named.has('mirror'))
      parts.push(wallArt(stage, draw, free, height * 0.24, white));
    if (!named.has('potted-plant') && draw.chance(0.75))
      parts.push(
        pot(stage, draw, windowLeft ? width * 0.94 : width * 0.06, horizon + 46, palette.isDark ? 0.4 : 0),
      );
    if (palette.isDark && !named.has('floor-lamp'))
      parts.push(lampGlow(stage, windowLeft ? width * 0.9 : width * 0.1, height * 0.36));
  }
  return {
    behind: parts.join(''),
    before: '',
    ground: height * 0.9,
    horizon,
    hasShadows: true,
    wallY: height * 0.26,
  };
}

function wallPattern({ width, define }: Stage, draw: Random, wall: string, horizon: number): string {
  const kind = draw.whole(0, 2);
  const tone = darken(wall, 0.05);
  let d = '';
  if (kind === 0) for (let x = 0; x < width; x += 64) d += p`M${x} 0h26V${horizon}h-26z`;
  if (kind === 1)
    for (let row = 0; row * 70 < horizon; row++)
      for (let x = row % 2 ? 35 : 0; x < width; x += 70) d += p`M${x} ${row * 70 + 16}l9 14l-9 14l-9 -14z`;
  const panel =
    kind === 2
      ? rect(
          0,
          horizon * 0.66,
          width,
          horizon * 0.34,
          define.linear([
            [0, lighten(wall, 0.22)],
            [1, lighten(wall, 0.1)],
          ]),
        ) + rect(0, horizon * 0.65, width, 12, lighten(wall, 0.35))
      : '';
  return (d ? path(d, tone, { opacity: 0.55 }) : '') + panel;
}

function floorboards({ width, height, define }: Stage, draw: Random, floor: string, horizon: number): string {
  const parts = [
    rect(
      0,
      horizon,
      width,
      height - horizon,
      define.linear([
        [0, darken(floor, 0.16)],
        [1, lighten(floor, 0.08)],
      ]),
    ),
  ];
  let seams = '';
  for (let index = -14; index <= 14; index++)
    seams += p`M${width / 2 + index * 78} ${horizon}L${width / 2 + index * 190} ${height}`;
  for (let index = 0; index < 16; index++) {
    const depth = draw.next();
    const y = horizon + (height - horizon) * depth;
    const slot = draw.whole(-8, 8);
    const scale = 78 + (190 - 78) * depth;
    seams += p`M${width / 2 + slot * scale} ${y}h${scale}`;
  }
  parts.push(line(seams, darken(floor, 0.32), 2.4, 0.45));
  return parts.join('');
}

function rug(
  { width, height, palette }: Stage,
  draw: Random,
  cloth: string,
  trim: string,
  dim: number,
): string {
  const tone = mix(
    draw.chance(0.5) ? cloth : mix(cloth, '#d98a6a', 0.6),
    palette.isDark ? '#1b2148' : palette.sky[2],
    dim,
  );
  const [x, y, rx] = [width / 2, height * 0.9, Math.min(width * 0.42, 620)];
  return (
    ellipse(x, y + 5, rx, 82, darken(tone, 0.45), { opacity: 0.4 }) +
    ellipse(x, y, rx, 80, tone) +
    ellipse(x, y, rx * 0.9, 68, 'none', { stroke: trim, strokeWidth: 5, opacity: 0.6 }) +
    ellipse(x, y, rx * 0.62, 44, lighten(tone, 0.16)) +
    ellipse(x, y, rx * 0.36, 24, tone)
  );
}

function wallArt({ define, palette }: Stage, draw: Random, x: number, y: number, frame: string): string {
  const parts: string[] = [];
  for (const [dx, dy, w, h] of draw.pick([
    [
      [-64, 0, 118, 150],
      [76, -18, 104, 104],
      [78, 92, 100, 66],
    ],
    [[-10, 10, 190, 138]],
    [
      [-92, 0, 92, 128],
      [14, 0, 92, 128],
      [120, 0, 92, 128],
    ],
  ] as const)) {
    const [left, top] = [x + dx - w / 2, y + dy - h / 2];
    const hue = draw.between(0, 360);
    const soft = palette.isDark ? 46 : 72;
    parts.push(
      rect(left + 5, top + 8, w, h, '#1a1420', { opacity: 0.16, radius: 3 }),
      rect(left, top, w, h, mix('#6b4a35', frame, draw.next() < 0.5 ? 1 : 0), { radius: 3 }),
    );
    const clip = define.clip(
      `<rect x="${Math.round(left + 11)}" y="${Math.round(top + 11)}" width="${Math.round(w - 22)}" height="${Math.round(h - 22)}"/>`,
    );
    parts.push(
      `<g clip-path="${clip}">${rect(left + 10, top + 10, w - 20, h - 20, hsl(hue, 40, soft + 14))}${circle(x + dx + w * 0.12, y + dy - h * 0.1, w * 0.19, hsl(hue + 150, 60, soft))}${ellipse(x + dx - w * 0.2, y + dy + h * 0.42, w * 0.5, h * 0.3, hsl(hue + 40, 42, soft - 12))}${ellipse(x + dx + w * 0.3, y + dy + h * 0.48, w * 0.45, h * 0.26, hsl(hue + 60, 40, soft - 24))}</g>`,
    );
  }
  return parts.join('');
}

function pot(_stage: Stage, draw: Random, x: number, foot: number, dim: number): string {
  const leaf = mix('#4c9a5e', '#1b2148', dim);
  const clay = mix('#d9825a', '#1b2148', dim);
  let d = '';
  for (let index = 0; index < 9; index++) {
    const angle = -Math.PI / 2 + (index - 4) * 0.29;
    const length = draw.between(150, 235);
    const [tx, ty] = [x + Math.cos(angle) * length, foot - 80 + Math.sin(angle) * length];
    const [nx, ny] = [-Math.sin(angle) * 27, Math.cos(angle) * 27];
    d += p`M${x} ${foot - 84}Q${(x + tx) / 2 + nx} ${(foot - 84 + ty) / 2 + ny} ${tx} ${ty}Q${(x + tx) / 2 - nx} ${(foot - 84 + ty) / 2 - ny} ${x} ${foot - 84}Z`;
  }
  return (
    ellipse(x, foot, 76, 12, '#000000', { opacity: 0.18 }) +
    path(d, leaf, { stroke: darken(leaf, 0.2), strokeWidth: 1.5 }) +
    path(p`M${x - 58} ${foot - 92}L${x + 58} ${foot - 92}L${x + 42} ${foot}L${x - 42} ${foot}Z`, clay) +
    rect(x - 64, foot - 104, 128, 24, lighten(clay, 0.14), { radius: 5 })
  );
}

function lampGlow({ define }: Stage, x: number, y: number): string {
  return circle(
    x,
    y,
    400,
    define.radial([
      [0, '#ffcf87', 0.5],
      [0.4, '#ffb765', 0.2],
      [1, '#ffb765', 0],
    ]),
  );
}
