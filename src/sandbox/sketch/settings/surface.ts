import { darken, lighten, mix } from '../colour.ts';
import type { Random } from '../random.ts';
import { growthOf } from './growth.ts';
import { grass } from './plants.ts';
import type { SkyPlan } from './sky.ts';
import { ridgeShape, rollingRidge } from './terrain.ts';
import type { Stage } from '../stage.ts';
import { p, path, rect } from '../svg.ts';

/** A bank of grass to stand on, at the water's edge. */
export function shore(stage: Stage, top: number): string {
  const { width, height, define, palette, random } = stage;
  const draw = random.fork('shore');
  const { grass: green, isSnowy } = growthOf(stage);
  const ridge = rollingRidge(draw, width, top + 50, 54, 1.1);
  const edge = ridgeShape(ridge, height + 20, true);
  const foam = path(edge, mix('#ffffff', palette.sky[2], 0.3), {
    opacity: 0.5,
    transform: 'translate(0 -7)',
  });
  return (
    foam +
    path(
      edge,
      define.linear([
        [0, lighten(green, 0.14)],
        [0.3, green],
        [1, darken(green, 0.25)],
      ]),
    ) +
    (isSnowy ? '' : grass(draw, width, top + 40, height, Math.round(width / 14), darken(green, 0.2), 0.7))
  );
}

/** The surface: the sky upside down, the path of the light, and a few strokes of calm. */
export function drawWater(stage: Stage, plan: SkyPlan): string {
  const { width, height, palette, define, random, understanding } = stage;
  const draw = random.fork('surface');
  const { horizon, sunX, sunRadius } = plan;
  const [top, upper, lower, bottom] = palette.sky;
  const isDay = !palette.isLow && !palette.isDark;
  const sea =
    understanding.style === 'ink' ? mix(bottom, '#8c9296', 0.12) : isDay ? mix(top, '#0f7fae', 0.35) : top;
  const [near, far] =
    understanding.style === 'ink'
      ? [mix(bottom, '#8c9296', 0.3), lighten(bottom, 0.3)]
      : [mix(sea, palette.shade, 0.3), mix(bottom, palette.haze, isDay ? 0.55 : 0.25)];
  const parts = [
    rect(
      -10,
      horizon,
      width + 20,
      height - horizon + 10,
      define.linear([
        [0, far],
        [0.1, mix(far, lower, 0.55)],
        [0.42, mix(upper, sea, isDay ? 0.55 : 0.1)],
        [1, near],
      ]),
    ),
    rect(-10, horizon - 1.5, width + 20, 3, lighten(far, 0.45), { opacity: 0.7 }),
  ];
  // A bright pool under the sun, then the strokes that make it glitter.
  const isLit =
    understanding.style !== 'ink' && (palette.isLow || palette.isDark || understanding.weather === 'clear');
  if (isLit) {
    const reach = height - horizon;
    const half = sunRadius * (palette.isLow ? 5 : 3.4);
    parts.push(
      rect(
        sunX - half,
        horizon,
        half * 2,
        reach * 0.7,
        define.radial(
          [
            [0, palette.glow, palette.isDark ? 0.42 : 0.62],
            [0.5, palette.glow, 0.2],
            [1, palette.glow, 0],
          ],
          [0.5, 0, 0.5],
        ),
      ),
    );
    parts.push(lightPath(stage, plan, draw));
  }
  const strokes = understanding.isMinimal ? 24 : 54;
  let bright = '';
  let dark = '';
  for (let index = 0; index < strokes; index++) {
    const depth = draw.next() ** 1.2;
    const [x, y] = [draw.next() * width, horizon + 10 + (height - horizon) * depth];
    const d = lens(x, y, (40 + 190 * depth) * draw.between(0.4, 1.1), 1.6 + depth * 4.6);
    if (index % 3 === 0) dark += d;
    else bright += d;
  }
  parts.push(
    path(bright, lighten(mix(upper, bottom, 0.5), 0.35), { opacity: isDay ? 0.34 : 0.24 }),
    path(dark, mix(near, palette.shade, 0.4), { opacity: 0.16 }),
  );
  return parts.join('');
}

/** Lying lenses of light, narrow at the horizon, broad and scattered towards us. */
function lightPath({ height, palette }: Stage, { horizon, sunX, sunRadius }: SkyPlan, draw: Random): string {
  const reach = height - horizon;
  const rows = 46;
  let core = '';
  let side = '';
  for (let row = 0; row < rows; row++) {
    const depth = row / rows;
    const y = horizon + 5 + reach * 0.98 * depth ** 1.35;
    const spread = sunRadius * (0.82 + depth * 0.75 + Math.sin(row * 1.9) * 0.12);
    const w = spread * draw.between(0.5, 1.15) * (1 - depth * 0.35);
    core += lens(sunX + draw.between(-0.3, 0.3) * spread * (0.3 + depth), y, w * 2, 2.4 + depth * 7.5);
    if (row % 2 === 0) {
      const far = spread * draw.between(0.9, 1.9);
      side += lens(
        sunX + far * (row % 4 === 0 ? 1 : -1),
        y + 4,
        spread * draw.between(0.3, 0.8),
        1.8 + depth * 4.5,
      );
    }
  }
  const colour = palette.isDark ? palette.sun : mix(palette.sun, palette.glow, 0.2);
  return (
    path(core, colour, { opacity: palette.isDark ? 0.55 : palette.isLow ? 0.78 : 0.5 }) +
    path(side, colour, { opacity: 0.36 })
  );
}

/** A thin stroke, tapering to both ends. */
export function lens(x: number, y: number, length: number, thickness: number): string {
  const half = length / 2;
  return p`M${x - half} ${y}Q${x} ${y - thickness} ${x + half} ${y}Q${x} ${y + thickness} ${x - half} ${y}Z`;
}

/** What a floating or standing figure leaves on the water. */
export function ripples(x: number, y: number, width: number, colour: string): string {
  let d = '';
  for (let row = 0; row < 5; row++)
    d += lens(x + Math.sin(row * 2.3) * width * 0.08, y + 6 + row * 11, width * (1.15 - row * 0.2), 4);
  return path(d, colour, { opacity: 0.5 });
}
