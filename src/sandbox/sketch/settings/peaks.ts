import { darken, lighten, mix } from '../colour.ts';
import type { Random } from '../random.ts';
import { ridgeShape, rollingRidge } from './terrain.ts';
import type { Stage } from '../stage.ts';
import { circle, ellipse, line, p, path, rect } from '../svg.ts';

export function cone(
  { palette, define }: Stage,
  x: number,
  base: number,
  tall: number,
  colour: string,
  isVolcano: boolean,
): string {
  const half = tall * 1.25;
  const top = base - tall;
  const rim = tall * 0.11;
  const shape = p`M${x - half} ${base + 30}C${x - half * 0.5} ${base - tall * 0.22} ${x - rim * 2} ${top + tall * 0.3} ${x - rim} ${top}Q${x} ${top + 12} ${x + rim} ${top}C${x + rim * 2} ${top + tall * 0.3} ${x + half * 0.5} ${base - tall * 0.22} ${x + half} ${base + 30}Z`;
  const body = path(
    shape,
    define.linear([
      [0, mix(colour, palette.shade, 0.3)],
      [0.5, colour],
      [1, mix(colour, palette.haze, 0.6)],
    ]),
  );
  if (isVolcano) {
    const lava =
      line(
        p`M${x - 4} ${top + 8}C${x - 20} ${top + tall * 0.3} ${x + 26} ${top + tall * 0.4} ${x + 4} ${top + tall * 0.66}M${x + 12} ${top + 8}C${x + 34} ${top + tall * 0.2} ${x + 30} ${top + tall * 0.3} ${x + 62} ${top + tall * 0.46}`,
        '#ff6a3a',
        13,
      ) +
      line(
        p`M${x - 2} ${top + 8}C${x - 18} ${top + tall * 0.3} ${x + 28} ${top + tall * 0.4} ${x + 6} ${top + tall * 0.6}`,
        '#ffd25e',
        5,
      );
    const smoke = [0, 1, 2, 3, 4]
      .map((puff) =>
        circle(
          x + puff * 24 - 6,
          top - 26 - puff * 40,
          30 + puff * 13,
          mix('#8a8492', palette.sky[1], 0.3 + puff * 0.1),
          { opacity: 0.75 },
        ),
      )
      .join('');
    return (
      circle(
        x,
        top,
        tall * 0.7,
        define.radial([
          [0, '#ff7a3a', 0.55],
          [1, '#ff7a3a', 0],
        ]),
      ) +
      smoke +
      body +
      lava
    );
  }
  const cap = p`M${x - rim} ${top}Q${x} ${top + 12} ${x + rim} ${top}C${x + rim * 1.6} ${top + tall * 0.2} ${x + rim * 2.4} ${top + tall * 0.28} ${x + rim * 3.1} ${top + tall * 0.37}L${x + rim * 1.7} ${top + tall * 0.3}L${x + rim} ${top + tall * 0.42}L${x + rim * 0.2} ${top + tall * 0.31}L${x - rim * 0.7} ${top + tall * 0.43}L${x - rim * 1.5} ${top + tall * 0.3}L${x - rim * 3.1} ${top + tall * 0.37}C${x - rim * 2.4} ${top + tall * 0.28} ${x - rim * 1.6} ${top + tall * 0.2} ${x - rim} ${top}Z`;
  return body + path(cap, mix('#ffffff', palette.sky[2], palette.isDark ? 0.4 : 0.1));
}

export function waterfall({ palette, define }: Stage, x: number, top: number, foot: number): string {
  const white = mix('#ffffff', palette.sky[1], palette.isDark ? 0.4 : 0.08);
  const fall = path(
    p`M${x - 26} ${top}Q${x} ${top - 8} ${x + 24} ${top}C${x + 34} ${top + 80} ${x + 44} ${foot - 40} ${x + 54} ${foot}L${x - 56} ${foot}C${x - 40} ${foot - 60} ${x - 34} ${top + 70} ${x - 26} ${top}Z`,
    define.linear([
      [0, white, 0.85],
      [1, white],
    ]),
  );
  const threads = line(
    p`M${x - 12} ${top + 10}Q${x - 20} ${(top + foot) / 2} ${x - 26} ${foot - 10}M${x + 6} ${top + 20}Q${x + 12} ${(top + foot) / 2} ${x + 20} ${foot - 6}`,
    mix(palette.sky[0], white, 0.55),
    4,
    0.6,
  );
  return (
    fall +
    threads +
    ellipse(
      x,
      foot,
      130,
      34,
      define.radial([
        [0, '#ffffff', 0.85],
        [1, '#ffffff', 0],
      ]),
    )
  );
}

/** A wall that follows the crest of a hill, a watchtower at every turn. */
export function greatWall(stage: Stage, draw: Random, horizon: number): string {
  const { width, palette } = stage;
  const stone = mix('#b8a184', palette.isDark ? palette.sky[0] : palette.haze, palette.isDark ? 0.6 : 0.2);
  const ridge = rollingRidge(draw, width, horizon + 60, 190, 1.9);
  const hill = path(
    ridgeShape(ridge, horizon + 120, true),
    mix(
      mix('#6f9a58', palette.shade, 0.2),
      palette.isDark ? palette.sky[0] : palette.haze,
      palette.isDark ? 0.6 : 0.3,
    ),
  );
  const wall = ridge.points
    .map(([x, y], index) => `${index ? 'L' : 'M'}${Math.round(x)} ${Math.round(y - 8)}`)
    .join('');
  const towers = [0.12, 0.37, 0.63, 0.88].map((at) => {
    const [x, y] = [at * width, ridge.at(at * width)];
    const teeth = [-24, -8, 8].map((dx) => rect(x + dx, y - 82, 11, 12, stone)).join('');
    return (
      rect(x - 26, y - 72, 54, 78, stone) +
      teeth +
      rect(x - 8, y - 46, 14, 24, darken(stone, 0.45), { radius: 6 })
    );
  });
  return (
    hill +
    line(wall, darken(stone, 0.22), 30) +
    line(wall, stone, 20) +
    line(wall, lighten(stone, 0.25), 5, 0.7) +
    towers.join('')
  );
}
