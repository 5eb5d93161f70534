import { lighten, mix } from '../colour.ts';
import { drawSky, planSky } from './sky.ts';
import type { Setting, Stage } from '../stage.ts';
import { p, path } from '../svg.ts';

/** Above the clouds: nothing but air, and a sea of white. */
export function skyScene(stage: Stage): Setting {
  const { width, height, random, palette, define } = stage;
  const draw = random.fork('heights');
  const horizon = height * 0.82;
  const plan = planSky(stage, horizon);
  const parts = [drawSky(stage, { ...plan, sunY: Math.min(plan.sunY, height * 0.5) })];
  const white = palette.isDark ? palette.cloud : lighten(palette.cloud, 0.3);
  for (let layer = 0; layer < 4; layer++) {
    const top = height * (0.7 + layer * 0.085);
    const colour = mix(mix(white, palette.sky[2], 0.5), white, layer / 3);
    let d = p`M-60 ${height + 20}L-60 ${top}`;
    for (let x = -60; x < width + 80;) {
      const step = draw.between(80, 190);
      d += p`a${step / 2} ${step * draw.between(0.36, 0.5)} 0 0 1 ${step} ${draw.between(-8, 8)}`;
      x += step;
    }
    parts.push(
      path(
        `${d}L${width + 300} ${height + 20}Z`,
        define.linear([
          [0, lighten(colour, 0.3)],
          [0.3, colour],
          [1, mix(colour, palette.sky[1], 0.35)],
        ]),
      ),
    );
  }
  return {
    behind: parts.join(''),
    before: '',
    ground: height * 0.8,
    horizon: height * 0.6,
    hasShadows: false,
  };
}
