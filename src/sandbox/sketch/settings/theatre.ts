import { hsl } from '../colour.ts';
import { hueOf } from '../palette.ts';
import type { Setting, Stage } from '../stage.ts';
import { circle, ellipse, p, path, rect } from '../svg.ts';

/** A stage under three spotlights. */
export function stageScene(stage: Stage): Setting {
  const { width, height, random, define, understanding } = stage;
  const draw = random.fork('theatre');
  const hue = understanding.tints[0]
    ? hueOf(understanding.tints[0])
    : draw.pick([345, 262, 218, 190] as const);
  const floorY = height * 0.76;
  const parts = [
    rect(
      0,
      0,
      width,
      height,
      define.linear([
        [0, hsl(hue, 55, 9)],
        [0.7, hsl(hue, 50, 22)],
        [1, hsl(hue, 45, 12)],
      ]),
    ),
  ];
  let folds = '';
  for (let x = -20; x < width + 40; x += 62)
    folds += p`M${x} 0h30Q${x + 22} ${floorY * 0.5} ${x + 34} ${floorY}h-30Q${x - 10} ${floorY * 0.5} ${x} 0Z`;
  parts.push(
    path(folds, hsl(hue, 58, 30), { opacity: 0.5 }),
    rect(
      0,
      floorY,
      width,
      height - floorY,
      define.linear([
        [0, hsl(hue + 20, 30, 30)],
        [1, hsl(hue + 20, 30, 14)],
      ]),
    ),
  );
  for (const [at, turn] of [
    [0.18, 0.4],
    [0.5, 0.5],
    [0.82, 0.6],
  ] as const) {
    const colour = hsl(hue + (at - 0.5) * 160, 90, 78);
    parts.push(
      path(
        p`M${width * at - 14} -20L${width * at + 14} -20L${width * turn + 210} ${height * 0.9}L${width * turn - 210} ${height * 0.9}Z`,
        define.linear([
          [0, colour, 0.5],
          [0.85, colour, 0.12],
          [1, colour, 0],
        ]),
      ),
      ellipse(width * turn, height * 0.89, 230, 46, colour, { opacity: 0.2 }),
    );
  }
  for (let index = 0; index < 24; index++)
    parts.push(
      circle(
        draw.next() * width,
        draw.next() * floorY,
        draw.between(3, 16),
        hsl(hue + draw.between(-60, 60), 90, 80),
        { opacity: draw.between(0.12, 0.4) },
      ),
    );
  return { behind: parts.join(''), before: '', ground: height * 0.9, horizon: floorY, hasShadows: true };
}
