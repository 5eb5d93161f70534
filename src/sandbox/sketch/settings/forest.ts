import { darken, lighten, mix } from '../colour.ts';
import type { Random } from '../random.ts';
import { growthOf } from './growth.ts';
import { foreground, strewn } from './hills.ts';
import { broadleaf, bush, pine, pineShape } from './plants.ts';
import { drawSky, planSky } from './sky.ts';
import { layered, ridgeShape, rollingRidge } from './terrain.ts';
import type { Setting, Stage } from '../stage.ts';
import { ellipse, p, path } from '../svg.ts';

/** Rows of conifers that fade into the distance, light between them. */
export function forestScene(stage: Stage): Setting {
  const { width, height, random, palette, define, understanding } = stage;
  const draw = random.fork('forest');
  const horizon = height * draw.between(0.56, 0.64);
  const plan = planSky(stage, horizon);
  const growth = growthOf(stage);
  const parts = [drawSky(stage, plan)];
  const isBroad =
    understanding.season === 'autumn' ||
    understanding.season === 'spring' ||
    (!growth.isSnowy && understanding.weather !== 'fog' && draw.chance(0.3));
  const dark = growth.isSnowy
    ? mix('#3f6b5e', palette.shade, palette.isDark ? 0.6 : 0.2)
    : isBroad
      ? growth.leaf
      : mix(growth.leaf, palette.shade, palette.isDark ? 0.3 : 0.35);
  for (let row = 0; row < 3; row++) {
    const tone = mix(palette.haze, dark, 0.2 + row * 0.2);
    const foot = horizon + 30 + row * 24;
    let d = '';
    for (let x = -40; x < width + 40; x += draw.between(24, 52))
      d += pineShape(x, foot, draw.between(200, 330) - row * 16);
    parts.push(
      path(
        d,
        define.linear([
          [0, tone],
          [0.6, tone],
          [1, mix(tone, lighten(palette.haze, 0.3), 0.55)],
        ]),
      ),
    );
    const mist = lighten(palette.haze, 0.35);
    parts.push(
      ellipse(
        width * draw.between(0.2, 0.8),
        foot,
        width * 0.6,
        46,
        define.radial([
          [0, mist, understanding.weather === 'fog' ? 0.75 : 0.4],
          [1, mist, 0],
        ]),
      ),
    );
  }
  if (understanding.weather === 'clear' && !palette.isDark && understanding.style !== 'ink') {
    const beam = define.linear([
      [0, palette.glow, 0.34],
      [1, palette.glow, 0],
    ]);
    for (let index = 0; index < 4; index++) {
      const x = plan.sunX + draw.between(-160, 220);
      parts.push(
        path(
          p`M${x - 20} -10L${x + 26} -10L${x + draw.between(120, 260)} ${height * 0.88}L${x - 60} ${height * 0.88}Z`,
          beam,
        ),
      );
    }
  }
  const ground = growth.isSnowy ? growth.grass : mix(darken(growth.grass, 0.12), palette.shade, 0.15);
  const floor = rollingRidge(draw, width, horizon + 104, 50, 1.4);
  parts.push(
    layered(
      stage,
      ridgeShape(floor, height + 20, true),
      define.linear([
        [0, mix(ground, palette.haze, 0.42)],
        [0.35, ground],
        [1, darken(ground, 0.28)],
      ]),
    ),
  );
  // The near trees stand at both sides and leave the middle to the figures.
  for (let index = 0; index < 6 + Math.floor(width / 500); index++) {
    const side = index % 2 === 0 ? draw.between(-0.03, 0.24) : draw.between(0.76, 1.03);
    const [x, foot] = [side * width, horizon + draw.between(100, 210)];
    const size = (foot - horizon) * 1.5 + draw.between(260, 330);
    if (isBroad)
      parts.push(
        broadleaf(
          draw,
          x,
          foot,
          size * 0.95,
          understanding.season === 'autumn'
            ? mix(
                draw.pick(['#e9803a', '#d9542f', '#f0b13f', '#c9672e'] as const),
                palette.isDark ? palette.sky[0] : palette.haze,
                palette.isDark ? 0.6 : 0.1,
              )
            : dark,
          growth.bark,
        ),
      );
    else parts.push(pine(x, foot, size, dark), growth.isSnowy ? snowOn(x, foot, size) : '');
  }
  if (!growth.isSnowy) {
    parts.push(strewn(stage, draw, growth, height * 0.8, 26));
    for (let index = 0; index < 5; index++)
      parts.push(
        bush(
          draw,
          draw.next() * width,
          height * draw.between(0.8, 0.98),
          draw.between(30, 54),
          mix(dark, growth.grass, 0.35),
        ),
      );
  }
  const frame = mix(palette.shade, dark, 0.35);
  const before =
    growth.isSnowy || understanding.isMinimal
      ? ''
      : fernCorner(draw, 0, height, 1, frame) + fernCorner(draw, width, height, -1, frame);
  return {
    behind: parts.join(''),
    before: before + foreground(stage, draw, growth, height * 0.92),
    ground: height * 0.88,
    horizon,
    hasShadows: true,
  };
}

export function snowOn(x: number, foot: number, height: number): string {
  let d = '';
  for (let tier = 0; tier < 4; tier++) {
    const top = foot - height + tier * height * 0.19;
    const half = height * (0.1 + tier * 0.05) * 0.62;
    const low = top + height * (0.17 + tier * 0.02);
    d += p`M${x} ${top}L${x + half} ${low}Q${x + half * 0.5} ${low - height * 0.025} ${x + half * 0.2} ${low + height * 0.01}Q${x - half * 0.3} ${low - height * 0.03} ${x - half * 0.5} ${low + height * 0.012}L${x - half} ${low}Z`;
  }
  return path(d, '#ffffff', { opacity: 0.9 });
}

function fernCorner(draw: Random, x: number, y: number, side: number, colour: string): string {
  let d = '';
  for (let frond = 0; frond < 6; frond++) {
    const angle = 0.25 + frond * 0.22;
    const length = draw.between(150, 250);
    const [dx, dy] = [Math.cos(angle) * length * side, -Math.sin(angle) * length];
    d += p`M${x - 20 * side} ${y + 20}Q${x + dx * 0.3} ${y + dy * 0.9} ${x + dx} ${y + dy}Q${x + dx * 0.5} ${y + dy * 0.5} ${x + 10 * side} ${y + 24}Z`;
  }
  return path(d, colour, { opacity: 0.96 });
}
