import { darken, lighten, mix } from '../colour.ts';
import type { Random } from '../random.ts';
import { type Growth, growthOf } from './growth.ts';
import { blossomTree, broadleaf, bush, grass, meadowFlowers, pine } from './plants.ts';
import { drawSky, planSky } from './sky.ts';
import {
  type Ridge,
  farHills,
  layered,
  mountainRange,
  ridgeShape,
  rockyRidge,
  rollingRidge,
} from './terrain.ts';
import type { Setting, Stage } from '../stage.ts';
import { ellipse, line, p, path } from '../svg.ts';

/** Meadows that roll towards us, with trees on the far ones and flowers on the near one. */
export function hillsScene(stage: Stage): Setting {
  const { width, height, random, palette, understanding } = stage;
  const draw = random.fork('hills');
  const horizon = height * draw.between(0.54, 0.64);
  const plan = planSky(stage, horizon);
  const growth = growthOf(stage);
  const parts = [drawSky(stage, plan)];
  if (draw.chance(0.4)) {
    const ridge = rockyRidge(
      draw,
      width,
      horizon + 20,
      draw.between(190, 300),
      Math.max(2, Math.round(width / 340)),
    );
    parts.push(
      mountainRange(stage, ridge, horizon + 20, mix(palette.haze, palette.shade, 0.28), {
        snow: 150,
        light: plan.sunX > width / 2 ? 1 : -1,
      }),
    );
  } else
    parts.push(farHills(stage, horizon + 10, { layers: 2, height: draw.between(110, 180), random: draw }));
  const ridges = nearHills(stage, draw, growth, horizon);
  parts.push(ridges.markup);
  if (understanding.scene === 'savanna') parts.push(acacias(stage, draw, ridges.middle));
  else if (!understanding.isMinimal) parts.push(scatterTrees(stage, draw, ridges.middle, growth));
  const ground = height * 0.9;
  if (understanding.scene !== 'savanna' && draw.chance(0.4))
    parts.push(winding(stage, draw, horizon + 60, growth));
  return {
    behind: parts.join(''),
    before: foreground(stage, draw, growth, height * 0.9),
    ground,
    horizon,
    hasShadows: true,
  };
}

export function nearHills(
  stage: Stage,
  draw: Random,
  growth: Growth,
  horizon: number,
): { markup: string; middle: Ridge } {
  const { width, height, palette, define } = stage;
  const parts: string[] = [];
  let middle: Ridge | undefined;
  const isSavanna = stage.understanding.scene === 'savanna';
  const base = isSavanna
    ? mix(
        '#dcb25c',
        palette.isDark ? palette.sky[0] : palette.haze,
        palette.isDark ? 0.65 : palette.isLow ? 0.4 : 0.05,
      )
    : growth.grass;
  for (let layer = 0; layer < 4; layer++) {
    const top = horizon + 22 + layer * (height - horizon) * 0.16;
    const ridge = rollingRidge(draw, width, top + 50, isSavanna ? 26 : 78, 1.1 + layer * 0.25);
    const near = layer / 3;
    const colour = growth.isSnowy
      ? mix(mix(growth.grass, palette.haze, 0.35), growth.grass, near)
      : mix(mix(base, palette.haze, 0.42), darken(base, palette.isDark ? 0.2 : 0.13), near);
    const d = ridgeShape(ridge, height + 20, true);
    const fill =
      stage.understanding.style === 'paper'
        ? colour
        : define.linear([
            [0, lighten(colour, palette.isDark ? 0.07 : 0.17)],
            [0.22, colour],
            [1, darken(colour, 0.16)],
          ]);
    parts.push(layered(stage, d, fill));
    if (layer === 1) middle = ridge;
  }
  return { markup: parts.join(''), middle: middle ?? rollingRidge(draw, width, horizon, 60) };
}

function scatterTrees(stage: Stage, draw: Random, ridge: Ridge, growth: Growth): string {
  const { width, palette, understanding } = stage;
  const isSpring = understanding.season === 'spring' || understanding.accents.includes('petals');
  const parts: string[] = [];
  const clumps = draw.whole(2, 3) + Math.floor(width / 900);
  for (let clump = 0; clump < clumps; clump++) {
    const centre = (width * (clump + draw.between(0.1, 0.9))) / clumps;
    const kind = growth.isSnowy ? 'pine' : draw.pick(['pine', 'leaf', 'leaf', 'bush'] as const);
    for (let index = 0; index < draw.whole(2, 5); index++) {
      const x = centre + draw.between(-90, 90);
      const foot = ridge.at(x) + draw.between(2, 14);
      const tone = mix(growth.leaf, palette.haze, 0.18);
      if (kind === 'pine')
        parts.push(
          pine(
            x,
            foot,
            draw.between(80, 150),
            growth.isSnowy ? mix('#4a7a68', palette.haze, palette.isDark ? 0.5 : 0.3) : darken(tone, 0.2),
          ),
        );
      else if (kind === 'bush') parts.push(bush(draw, x, foot, draw.between(34, 60), darken(tone, 0.1)));
      else if (isSpring)
        parts.push(
          blossomTree(
            draw,
            x,
            foot,
            draw.between(110, 160),
            mix('#f9b6cc', palette.haze, palette.isDark ? 0.5 : 0.12),
            growth.bark,
          ),
        );
      else
        parts.push(
          broadleaf(
            draw,
            x,
            foot,
            draw.between(90, 150),
            understanding.season === 'autumn'
              ? mix(
                  draw.pick(['#e9803a', '#d9542f', '#f0b13f'] as const),
                  palette.haze,
                  palette.isDark ? 0.55 : 0.15,
                )
              : tone,
            growth.bark,
          ),
        );
    }
  }
  return parts.join('');
}

function acacias(stage: Stage, draw: Random, ridge: Ridge): string {
  const { width, palette } = stage;
  const tone = palette.isLow || palette.isDark ? palette.shade : mix('#5f7f3a', palette.haze, 0.15);
  const parts: string[] = [];
  for (let index = 0; index < 3 + Math.floor(width / 700); index++) {
    const [x, h] = [
      (index % 2 === 0 ? draw.between(0.02, 0.26) : draw.between(0.74, 0.98)) * width,
      draw.between(120, 240),
    ];
    const y = ridge.at(x) + 12;
    parts.push(
      line(
        p`M${x} ${y}Q${x + 6} ${y - h * 0.4} ${x - 4} ${y - h * 0.62}M${x} ${y - h * 0.45}L${x - h * 0.28} ${y - h * 0.74}M${x} ${y - h * 0.5}L${x + h * 0.3} ${y - h * 0.76}`,
        darken(tone, 0.25),
        h * 0.045,
      ),
    );
    for (const [dx, dy, r] of [
      [-0.24, 0.78, 0.3],
      [0.26, 0.8, 0.32],
      [0, 0.88, 0.38],
    ] as const)
      parts.push(ellipse(x + dx * h, y - dy * h, r * h, r * h * 0.26, tone));
  }
  return parts.join('');
}

/** A path that leads the eye from the front to the far hill. */
function winding({ width, height, palette }: Stage, draw: Random, far: number, growth: Growth): string {
  const start = width * draw.between(0.35, 0.65);
  const swing = draw.between(70, 130) * (draw.chance(0.5) ? 1 : -1);
  const colour = growth.isSnowy
    ? mix('#cfdcea', palette.haze, 0.3)
    : mix('#e8cf9f', palette.isDark ? palette.sky[0] : palette.haze, palette.isDark ? 0.62 : 0.25);
  const edge = (side: 1 | -1) =>
    Array.from({ length: 15 }, (_, index) => {
      const t = index / 14;
      const half = 150 * (1 - t) ** 2 + 5;
      return [
        start + Math.sin(t * 5.2) * swing * (1 - t * 0.55) + side * half,
        height + 10 - (height + 10 - far) * t ** 0.62,
      ] as const;
    });
  const outline = [...edge(-1), ...edge(1).reverse()];
  return path(
    `${outline.map(([x, y], index) => `${index === 0 ? 'M' : 'L'}${Math.round(x)} ${Math.round(y)}`).join('')}Z`,
    colour,
    { opacity: 0.8 },
  );
}

export function foreground(stage: Stage, draw: Random, growth: Growth, top: number): string {
  const { width, height, understanding, palette } = stage;
  if (growth.isSnowy || understanding.style === 'ink') return '';
  const tone =
    understanding.scene === 'savanna'
      ? mix('#c99a45', palette.isDark ? palette.sky[0] : palette.shade, palette.isDark ? 0.6 : 0.12)
      : darken(growth.grass, palette.isDark ? 0.05 : 0.2);
  const blades = grass(
    draw,
    width,
    top,
    height + 12,
    understanding.isMinimal ? 30 : Math.round(width / 11),
    tone,
    0.7,
  );
  return blades;
}

/** Flowers and leaves on the meadow, under the figures' feet. */
export function strewn(stage: Stage, draw: Random, growth: Growth, top: number, count: number): string {
  const { width, height, palette } = stage;
  if (growth.isSnowy) return '';
  return meadowFlowers(draw, width, top, height, count, palette.isDark ? 0.5 : palette.isLow ? 0.18 : 0);
}

/** A tended garden: hedges, beds in bloom, a path. */
export function gardenScene(stage: Stage): Setting {
  const { width, height, random, palette } = stage;
  const draw = random.fork('garden');
  const horizon = height * draw.between(0.5, 0.58);
  const plan = planSky(stage, horizon);
  const growth = growthOf(stage);
  const parts = [
    drawSky(stage, plan),
    farHills(stage, horizon + 6, { layers: 2, height: 120, random: draw }),
  ];
  for (let x = draw.between(-60, 0); x < width + 60; x += draw.between(70, 130))
    parts.push(
      broadleaf(
        draw,
        x,
        horizon + 40,
        draw.between(150, 250),
        mix(growth.leaf, palette.haze, draw.between(0.08, 0.34)),
        growth.bark,
      ),
    );
  const hills = nearHills(stage, draw, growth, horizon + 20);
  parts.push(hills.markup);
  if (!growth.isSnowy)
    for (let x = draw.between(-20, 40); x < width + 40; x += draw.between(110, 190))
      parts.push(bush(draw, x, hills.middle.at(x) + 14, draw.between(44, 70), darken(growth.leaf, 0.12)));
  parts.push(winding(stage, draw, horizon + 70, growth));
  const isField = stage.understanding.accents.includes('flowers');
  parts.push(strewn(stage, draw, growth, isField ? horizon + 90 : height * 0.78, isField ? 320 : 120));
  return {
    behind: parts.join(''),
    before: foreground(stage, draw, growth, height * 0.93),
    ground: height * 0.9,
    horizon,
    hasShadows: true,
  };
}
