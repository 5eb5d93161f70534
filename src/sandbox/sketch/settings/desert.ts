import { darken, lighten, mix } from '../colour.ts';
import type { Random } from '../random.ts';
import { drawSky, planSky } from './sky.ts';
import { ridgeShape, rollingRidge } from './terrain.ts';
import type { Setting, Stage } from '../stage.ts';
import { line, p, path } from '../svg.ts';

/** Dunes with a lit and a shaded flank. */
export function desertScene(stage: Stage): Setting {
  const { width, height, random, palette, define } = stage;
  const draw = random.fork('desert');
  const horizon = height * draw.between(0.52, 0.6);
  const plan = planSky(stage, horizon);
  const sand = palette.isDark
    ? mix('#c98f6a', palette.sky[1], 0.72)
    : palette.isLow
      ? mix('#e79a57', palette.haze, 0.22)
      : '#efc27d';
  const parts = [drawSky(stage, plan)];
  const light = plan.sunX > width / 2 ? 1 : -1;
  if (draw.chance(0.45)) {
    for (let index = 0; index < 3; index++)
      parts.push(
        mesa(
          stage,
          width * draw.between(0.02, 0.98),
          horizon + 26,
          draw.between(90, 180),
          mix(mix('#c76a45', palette.shade, 0.2), palette.haze, 0.35),
        ),
      );
  }
  for (let layer = 0; layer < 4; layer++) {
    const near = layer / 3;
    const base = horizon + 40 + layer * (height - horizon) * 0.19;
    const tone = mix(mix(sand, palette.haze, 0.4), darken(sand, 0.12), near);
    parts.push(dune(stage, draw, base, 120 + layer * 18, tone, light, define));
  }
  let specks = '';
  for (let index = 0; index < 60; index++)
    specks += p`M${draw.next() * width} ${height * draw.between(0.86, 0.99)}q12 -5 ${draw.between(20, 60)} 0`;
  parts.push(line(specks, darken(sand, 0.22), 2.2, 0.35));
  return { behind: parts.join(''), before: '', ground: height * 0.9, horizon, hasShadows: true };
}

function dune(
  { width, height, palette }: Stage,
  draw: Random,
  base: number,
  tall: number,
  tone: string,
  light: 1 | -1,
  define: Stage['define'],
): string {
  const ridge = rollingRidge(draw, width, base + 40, tall, 1.3);
  const d = ridgeShape(ridge, height + 20, true);
  const parts = [
    path(
      d,
      define.linear([
        [0, lighten(tone, 0.16)],
        [0.3, tone],
        [1, darken(tone, 0.14)],
      ]),
    ),
  ];
  // From each crest a sharp edge runs down; the side away from the light lies in shade.
  const crests = ridge.points.filter(
    ([, y], index) =>
      index > 1 &&
      index < ridge.points.length - 2 &&
      y <= (ridge.points[index - 1]?.[1] ?? 0) &&
      y <= (ridge.points[index + 1]?.[1] ?? 0),
  );
  for (const [x, y] of crests) {
    const away = -light;
    const reach = 300;
    const outline = [0.25, 0.5, 0.75, 1]
      .map((share) => p`L${x + away * reach * share} ${ridge.at(x + away * reach * share) + 1}`)
      .join('');
    parts.push(
      path(
        `${p`M${x} ${y}`}${outline}${p`Q${x + away * reach * 0.4} ${y + tall * 0.95} ${x - away * 40} ${y + tall * 1.5}Q${x + away * 50} ${y + tall * 0.55} ${x} ${y}`}Z`,
        mix(palette.shade, tone, 0.45),
        { opacity: 0.3 },
      ),
    );
  }
  return parts.join('');
}

function mesa(_stage: Stage, x: number, foot: number, size: number, colour: string): string {
  return (
    path(
      p`M${x - size} ${foot}L${x - size * 0.72} ${foot - size * 0.7}L${x - size * 0.6} ${foot - size * 0.72}L${x - size * 0.55} ${foot - size}L${x + size * 0.5} ${foot - size * 1.02}L${x + size * 0.6} ${foot - size * 0.6}L${x + size * 0.95} ${foot}Z`,
      colour,
    ) +
    path(
      p`M${x - size * 0.55} ${foot - size}L${x - size * 0.3} ${foot}L${x - size} ${foot}L${x - size * 0.72} ${foot - size * 0.7}L${x - size * 0.6} ${foot - size * 0.72}Z`,
      lighten(colour, 0.25),
      { opacity: 0.4 },
    )
  );
}
