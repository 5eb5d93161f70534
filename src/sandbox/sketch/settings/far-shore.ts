import { mix } from '../colour.ts';
import type { Random } from '../random.ts';
import type { SkyPlan } from './sky.ts';
import { farHills, misty, mountainRange, rockyRidge } from './terrain.ts';
import type { Stage } from '../stage.ts';
import { p, path } from '../svg.ts';

export function drawFarShore(stage: Stage, { horizon, sunX }: SkyPlan, draw: Random): string {
  const { width, understanding, palette } = stage;
  const kind = understanding.isMinimal
    ? draw.pick(['hills', 'island', 'hills', 'none'] as const)
    : draw.pick(['hills', 'hills', 'peaks', 'island'] as const);
  if (kind === 'none') return '';
  if (kind === 'hills')
    return farHills(stage, horizon, {
      layers: understanding.isMinimal ? 2 : 3,
      height: draw.between(90, 190),
      random: draw,
    });
  if (kind === 'peaks') {
    const ridge = rockyRidge(
      draw,
      width,
      horizon,
      draw.between(190, 290),
      Math.max(3, Math.round(width / 330)),
    );
    return (
      mountainRange(stage, ridge, horizon, mix(palette.haze, palette.shade, 0.35), {
        snow: 150,
        light: sunX > width / 2 ? 1 : -1,
      }) + farHills(stage, horizon, { layers: 1, height: 70, random: draw })
    );
  }
  // Two far islands on one side, so that the light has the other.
  const side = sunX > width / 2 ? 0.2 : 0.8;
  const island = (x: number, half: number, tall: number, depth: number) =>
    path(
      p`M${x - half} ${horizon + 2}C${x - half * 0.55} ${horizon - tall * 0.5} ${x - half * 0.35} ${horizon - tall} ${x - half * 0.05} ${horizon - tall}S${x + half * 0.5} ${horizon - tall * 0.35} ${x + half} ${horizon + 2}Z`,
      misty(stage, mix(palette.haze, palette.shade, depth)),
    );
  return (
    island(width * side + draw.between(-40, 60), draw.between(210, 300), draw.between(70, 130), 0.25) +
    island(width * side + draw.between(-150, -60), draw.between(150, 220), draw.between(40, 80), 0.45)
  );
}
