import { drawFarShore } from './far-shore.ts';
import { drawSky, planSky } from './sky.ts';
import { drawWater, shore } from './surface.ts';
import { drawAccent, reeds } from './water-accents.ts';
import type { Setting, Stage } from '../stage.ts';
import { needsLand } from '../figure-kinds.ts';

/** The sea, a lake, a river: calm enough to hold the sky. */
export function waterScene(stage: Stage): Setting {
  const { height, random, understanding } = stage;
  const draw = random.fork('water');
  const horizon = height * draw.between(0.52, 0.64);
  const plan = planSky(stage, horizon);
  const parts = [drawSky(stage, plan), drawFarShore(stage, plan, draw), drawWater(stage, plan)];
  const hasFigures = understanding.figures.length > 0;
  const accent = hasFigures
    ? 'none'
    : draw.pick(
        understanding.isMinimal
          ? (['none', 'boat', 'reeds', 'islet', 'boat', 'branch'] as const)
          : (['boat', 'reeds', 'islet', 'branch', 'shore'] as const),
      );
  const before = [drawAccent(stage, plan, accent, draw)];
  if (needsLand(understanding.figures)) parts.push(shore(stage, height * 0.8));
  if (understanding.accents.includes('reeds')) before.push(reeds(stage, draw, 0.1), reeds(stage, draw, 0.86));
  return {
    behind: parts.join(''),
    before: before.join(''),
    ground: height * 0.86,
    horizon,
    waterline: horizon + (height - horizon) * 0.3,
    hasShadows: false,
  };
}
