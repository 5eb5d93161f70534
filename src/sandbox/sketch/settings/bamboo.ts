import { darken, mix } from '../colour.ts';
import { bambooStem, grass } from './plants.ts';
import { ridgeShape, rollingRidge } from './terrain.ts';
import type { Setting, Stage } from '../stage.ts';
import { circle, ellipse, path, rect } from '../svg.ts';

/** A grove of bamboo: pale stems far, strong stems near, the middle free. */
export function bambooScene(stage: Stage): Setting {
  const { width, height, random, palette, define } = stage;
  const draw = random.fork('bamboo');
  const horizon = height * 0.6;
  const isInk = stage.understanding.style === 'ink';
  const [bright, deep] = isInk
    ? ['#efeade', '#b9b8b0']
    : palette.isDark
      ? ['#14403f', '#071f24']
      : palette.isLow
        ? [mix('#e5dc9a', palette.sky[3], 0.4), '#6f8a56']
        : ['#e9f6c9', '#7fb86a'];
  const stem = isInk ? '#55585a' : palette.isDark ? '#1f6a50' : '#5fa548';
  const parts = [
    rect(
      0,
      0,
      width,
      height,
      define.linear([
        [0, mix(bright, deep, 0.5)],
        [0.45, bright],
        [1, deep],
      ]),
    ),
    circle(
      width * draw.between(0.35, 0.65),
      height * 0.3,
      420,
      define.radial([
        [0, palette.isDark ? palette.glow : '#fffde6', 0.7],
        [1, '#fffde6', 0],
      ]),
    ),
  ];
  for (let row = 0; row < 3; row++) {
    const tone = mix(bright, stem, 0.28 + row * 0.26);
    const count = Math.round((width / 1000) * (15 - row * 3));
    for (let index = 0; index < count; index++) {
      const x = (width * (index + draw.next())) / count;
      const clear = Math.abs(x / width - 0.5) < 0.24;
      if (row === 2 && clear) continue;
      parts.push(
        bambooStem(
          draw,
          x,
          horizon + 60 + row * 70 + draw.between(-10, 20),
          height * 0.95,
          13 + row * 9,
          tone,
        ),
      );
    }
    parts.push(
      ellipse(
        width / 2,
        horizon + 60 + row * 60,
        width * 0.7,
        60,
        define.radial([
          [0, bright, isInk ? 0.8 : 0.4],
          [1, bright, 0],
        ]),
      ),
    );
  }
  const ground = isInk ? '#c9c7bd' : mix(deep, '#6f9a48', 0.4);
  parts.push(
    path(
      ridgeShape(rollingRidge(draw, width, height * 0.82, 60, 1.2), height + 20, true),
      define.linear([
        [0, mix(ground, bright, 0.35)],
        [1, darken(ground, 0.3)],
      ]),
    ),
  );
  if (!isInk) parts.push(grass(draw, width, height * 0.8, height, 60, darken(ground, 0.25)));
  const before = [
    bambooStem(draw, width * 0.035, height + 30, height * 1.1, 38, darken(stem, 0.1)),
    bambooStem(draw, width * 0.955, height + 30, height * 1.1, 44, darken(stem, 0.18)),
  ];
  return {
    behind: parts.join(''),
    before: before.join(''),
    ground: height * 0.88,
    horizon,
    hasShadows: true,
  };
}
