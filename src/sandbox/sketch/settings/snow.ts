import { mix } from '../colour.ts';
import { drawSky, planSky } from './sky.ts';
import { layered, mountainRange, ridgeShape, rockyRidge, rollingRidge } from './terrain.ts';
import type { Setting, Stage } from '../stage.ts';
import { p, path } from '../svg.ts';

/** Ice and snow under a wide sky. */
export function snowScene(stage: Stage): Setting {
  const { width, height, random, palette, define } = stage;
  const draw = random.fork('ice');
  const horizon = height * draw.between(0.52, 0.6);
  const plan = planSky(stage, horizon);
  const snow = palette.isDark
    ? mix('#e6f0ff', palette.sky[1], 0.5)
    : mix('#ffffff', palette.sky[3], palette.isLow ? 0.3 : 0.08);
  const blue = mix('#9cc4e6', palette.sky[1], 0.35);
  const parts = [
    drawSky(stage, plan),
    mountainRange(
      stage,
      rockyRidge(draw, width, horizon + 16, draw.between(150, 250), Math.max(3, Math.round(width / 300))),
      horizon + 16,
      mix(palette.haze, blue, 0.55),
      { snow: 60, light: plan.sunX > width / 2 ? 1 : -1 },
    ),
  ];
  for (let layer = 0; layer < 3; layer++) {
    const ridge = rollingRidge(draw, width, horizon + 64 + layer * (height - horizon) * 0.22, 60, 1.2);
    parts.push(
      layered(
        stage,
        ridgeShape(ridge, height + 20, true),
        define.linear([
          [0, snow],
          [0.25, mix(snow, blue, 0.14 + layer * 0.03)],
          [1, mix(snow, blue, 0.34)],
        ]),
      ),
    );
  }
  for (let index = 0; index < 4; index++) {
    const [x, y, s] = [
      draw.between(0.02, 0.98) * width,
      horizon + draw.between(50, 110),
      draw.between(40, 90),
    ];
    parts.push(
      path(
        p`M${x - s} ${y}L${x - s * 0.7} ${y - s * 0.7}L${x - s * 0.1} ${y - s}L${x + s * 0.5} ${y - s * 0.55}L${x + s} ${y}Z`,
        mix(blue, '#ffffff', 0.45),
      ),
      path(
        p`M${x - s * 0.1} ${y - s}L${x + s * 0.5} ${y - s * 0.55}L${x + s} ${y}L${x + s * 0.1} ${y}Z`,
        blue,
        { opacity: 0.7 },
      ),
    );
  }
  return { behind: parts.join(''), before: '', ground: height * 0.89, horizon, hasShadows: true };
}
