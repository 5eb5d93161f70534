import { darken, hsl, lighten, mix } from '../colour.ts';
import { hueOf } from '../palette.ts';
import { schemes } from './schemes.ts';
import type { Setting, Stage } from '../stage.ts';
import { circle, ellipse, line, p, rect } from '../svg.ts';

/** A table top near a window: the place of still lifes and breakfasts. */
export function tableScene(stage: Stage): Setting {
  const { width, height, random, palette, define, understanding } = stage;
  const draw = random.fork('table');
  const [plainWall, wood, cloth] = draw.pick(schemes);
  const [tint] = understanding.tints;
  const dim = palette.isDark ? 0.6 : palette.isLow ? 0.22 : 0;
  const wall = mix(
    tint ? hsl(hueOf(tint), 42, 76) : plainWall,
    palette.isDark ? '#171c40' : palette.sky[2],
    dim,
  );
  const top = mix(wood, palette.isDark ? '#171c40' : palette.sky[2], dim * 0.8);
  const edge = height * draw.between(0.56, 0.62);
  const lightX = width * draw.pick([0.22, 0.78] as const);
  const parts = [
    rect(
      0,
      0,
      width,
      edge + 4,
      define.linear([
        [0, darken(wall, 0.14)],
        [1, lighten(wall, 0.12)],
      ]),
    ),
    circle(
      lightX,
      height * 0.2,
      620,
      define.radial([
        [0, palette.isDark ? '#ffcf87' : '#fffbe8', palette.isDark ? 0.42 : 0.8],
        [1, '#fffbe8', 0],
      ]),
    ),
  ];
  // A window far out of focus, and the round lights a lens makes of a room.
  for (let pane = 0; pane < 4; pane++)
    parts.push(
      rect(
        lightX - 120 + (pane % 2) * 130,
        height * 0.06 + Math.floor(pane / 2) * 190,
        112,
        172,
        palette.isDark ? palette.sky[2] : '#ffffff',
        { radius: 26, opacity: palette.isDark ? 0.3 : 0.42 },
      ),
    );
  for (let index = 0; index < 14; index++)
    parts.push(
      circle(
        draw.next() * width,
        draw.next() * edge * 0.95,
        draw.between(22, 74),
        draw.pick([lighten(wall, 0.5), mix(cloth, wall, 0.35), '#ffe2b0'] as const),
        { opacity: draw.between(0.1, 0.3) },
      ),
    );
  parts.push(
    rect(
      0,
      edge,
      width,
      height - edge,
      define.linear([
        [0, lighten(top, 0.16)],
        [0.25, top],
        [1, darken(top, 0.24)],
      ]),
    ),
  );
  let grain = '';
  for (let index = 0; index < 26; index++) {
    const y = edge + (height - edge) * (index / 26) ** 1.3;
    const x = draw.next() * width;
    grain += p`M${x} ${y}q${draw.between(60, 160)} ${draw.between(-5, 5)} ${draw.between(180, 420)} 0`;
  }
  parts.push(
    line(grain, darken(top, 0.28), 2.4, 0.35),
    rect(0, edge - 3, width, 8, lighten(top, 0.35), { opacity: 0.8 }),
  );
  const [mx, my, rx] = [width / 2, height * 0.8, Math.min(width * 0.4, 470)];
  parts.push(
    ellipse(mx, my + 4, rx, 92, darken(top, 0.5), { opacity: 0.35 }),
    ellipse(
      mx,
      my,
      rx,
      90,
      mix(cloth, palette.isDark ? '#171c40' : '#ffffff', palette.isDark ? dim * 0.7 : 0.18),
    ),
    ellipse(mx, my, rx * 0.93, 81, 'none', { stroke: lighten(cloth, 0.5), strokeWidth: 4, opacity: 0.7 }),
  );
  return { behind: parts.join(''), before: '', ground: height * 0.82, horizon: edge, hasShadows: true };
}
