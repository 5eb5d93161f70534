import { darken, lighten, mix } from '../colour.ts';
import type { Random } from '../random.ts';
import { snowOn } from './forest.ts';
import { type Growth, growthOf } from './growth.ts';
import { foreground, nearHills, strewn } from './hills.ts';
import { cone, greatWall, waterfall } from './peaks.ts';
import { pine } from './plants.ts';
import { drawSky, planSky } from './sky.ts';
import { mountainRange, rockyRidge } from './terrain.ts';
import { drawWater, lens, shore } from './surface.ts';
import type { Setting, Stage } from '../stage.ts';
import { ellipse, line, p, path } from '../svg.ts';
import { kindOf, needsLand } from '../figure-kinds.ts';

/** Peaks in three distances; a lake, a meadow or mist at their feet. */
export function mountainScene(stage: Stage): Setting {
  const { width, height, random, palette, understanding } = stage;
  const draw = random.fork('mountain');
  const isInk = understanding.style === 'ink';
  const horizon = height * draw.between(0.62, 0.7);
  const plan = planSky(stage, horizon - (palette.isLow ? height * draw.between(0.1, 0.2) : 0));
  const growth = growthOf(stage);
  const light = plan.sunX > width / 2 ? 1 : -1;
  const parts = [drawSky(stage, plan)];
  const snow = growth.isSnowy ? 90 : draw.between(170, 290);
  const special = understanding.accents.find(
    (accent) => accent === 'fuji' || accent === 'volcano' || accent === 'waterfall' || accent === 'wall',
  );
  const count = Math.max(3, Math.round(width / draw.between(280, 380)));
  for (let layer = 0; layer < 3; layer++) {
    const colour = isInk
      ? mix(palette.sky[2], palette.shade, [0.2, 0.42, 0.72][layer] ?? 0.5)
      : mix(palette.haze, palette.shade, [0.2, 0.42, 0.66][layer] ?? 0.5);
    const tall = height * ([0.5, 0.36, 0.2][layer] ?? 0.3) * draw.between(0.86, 1.08);
    const base = horizon + 10 + layer * 20;
    if (layer === 0 && (special === 'fuji' || special === 'volcano'))
      parts.push(
        cone(stage, width * draw.between(0.38, 0.62), base, tall * 1.05, colour, special === 'volcano'),
      );
    else if (layer === 2 && isInk) continue;
    else
      parts.push(
        mountainRange(stage, rockyRidge(draw, width, base, tall, count + layer), base, colour, {
          snow: isInk ? 9999 : layer === 2 ? 9999 : snow,
          light,
        }),
      );
    if (special === 'waterfall' && layer === 1)
      parts.push(waterfall(stage, width * draw.between(0.3, 0.7), base - tall * 0.55, base + 10));
  }
  if (special === 'wall') parts.push(greatWall(stage, draw, horizon));
  const isLake =
    special !== 'wall' &&
    (special === 'waterfall' ||
      understanding.accents.includes('lake') ||
      isInk ||
      (understanding.figures.length === 0 && draw.chance(0.5)));
  const hasBank =
    understanding.figures.some((figure) => figure.name !== 'bridge') &&
    (needsLand(understanding.figures) ||
      understanding.figures.some((figure) => kindOf(figure.name)?.place === 'backdrop'));
  if (isLake) {
    parts.push(drawWater(stage, { ...plan, horizon: horizon + 40 }), mistBand(stage, horizon + 42));
    if (hasBank)
      return {
        behind: parts.join('') + shore(stage, height * 0.8),
        before: '',
        ground: height * 0.9,
        horizon,
        hasShadows: true,
      };
    return {
      behind: parts.join(''),
      before: isInk ? inkPines(stage, draw) : nearPines(stage, draw, growth),
      ground: height * 0.86,
      horizon,
      waterline: horizon + 80,
      hasShadows: false,
    };
  }
  const hills = nearHills(stage, draw, growth, horizon + 10);
  parts.push(hills.markup);
  const dark = growth.isSnowy ? mix('#3f6b5e', palette.shade, 0.35) : mix(growth.leaf, palette.shade, 0.4);
  for (let index = 0; index < 9 + Math.floor(width / 250); index++) {
    const side = index % 2 === 0 ? draw.between(-0.02, 0.36) : draw.between(0.64, 1.02);
    const x = side * width;
    const size = draw.between(90, 180);
    const foot = hills.middle.at(x) + draw.between(6, 46);
    parts.push(pine(x, foot, size, dark), growth.isSnowy ? snowOn(x, foot, size) : '');
  }
  if (!growth.isSnowy && !isInk) parts.push(strewn(stage, draw, growth, height * 0.84, 50));
  return {
    behind: parts.join(''),
    before: foreground(stage, draw, growth, height * 0.93),
    ground: height * 0.9,
    horizon,
    hasShadows: true,
  };
}

function mistBand({ width, palette, define }: Stage, y: number): string {
  const mist = lighten(palette.haze, 0.5);
  return ellipse(
    width / 2,
    y,
    width * 0.75,
    60,
    define.radial([
      [0, mist, 0.7],
      [0.6, mist, 0.35],
      [1, mist, 0],
    ]),
  );
}

function inkPines({ width, height, palette, understanding }: Stage, draw: Random): string {
  const side = draw.chance(0.5) ? 0 : 1;
  const X = (dx: number) => (side ? width - dx : dx);
  const dark = palette.shade;
  const cliff = path(
    p`M${X(-10)} ${height + 10}L${X(-10)} ${height * 0.62}Q${X(90)} ${height * 0.6} ${X(150)} ${height * 0.7}Q${X(270)} ${height * 0.76} ${X(330)} ${height * 0.9}Q${X(380)} ${height * 0.95} ${X(440)} ${height + 10}Z`,
    mix(dark, palette.sky[3], 0.18),
  );
  const trunk = line(
    p`M${X(96)} ${height * 0.66}C${X(120)} ${height * 0.56} ${X(70)} ${height * 0.48} ${X(140)} ${height * 0.38}M${X(104)} ${height * 0.53}Q${X(190)} ${height * 0.5} ${X(250)} ${height * 0.47}M${X(98)} ${height * 0.46}Q${X(40)} ${height * 0.42} ${X(10)} ${height * 0.42}`,
    dark,
    14,
  );
  const pads = [
    [150, 0.37, 110],
    [250, 0.46, 100],
    [20, 0.41, 90],
    [120, 0.44, 80],
    [200, 0.41, 74],
  ].map(([dx = 0, y = 0, r = 0]) =>
    ellipse(X(dx), height * y, r, r * 0.24, mix(dark, palette.sky[3], 0.12), { opacity: 0.9 }),
  );
  const boat = lens(X(620), height * 0.82, 130, 16);
  if (understanding.figures.length > 0) return cliff + trunk + pads.join('');
  return (
    cliff +
    trunk +
    pads.join('') +
    path(boat, dark, { opacity: 0.85 }) +
    line(p`M${X(620)} ${height * 0.815}v-34`, dark, 7, 0.85) +
    path(p`M${X(594)} ${height * 0.783}h52l-26 -18z`, dark, { opacity: 0.85 })
  );
}

function nearPines({ width, height, palette }: Stage, draw: Random, growth: Growth): string {
  const tone = mix(palette.shade, growth.leaf, palette.isDark ? 0.15 : 0.25);
  const side = draw.chance(0.5) ? 1 : -1;
  const parts: string[] = [
    path(
      p`M${side > 0 ? width + 10 : -10} ${height * 0.86}Q${width / 2 + side * width * 0.2} ${height * 0.93} ${width / 2 - side * width * 0.1} ${height + 10}L${side > 0 ? width + 10 : -10} ${height + 10}Z`,
      darken(tone, 0.1),
    ),
  ];
  for (let index = 0; index < 5; index++) {
    const x = side > 0 ? width - 20 - index * draw.between(60, 84) : 20 + index * draw.between(60, 84);
    parts.unshift(pine(x, height * (0.93 + index * 0.016), draw.between(240, 400) - index * 30, tone));
  }
  return parts.join('');
}
