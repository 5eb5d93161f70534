import { lighten, mix } from '../colour.ts';
import type { Random } from '../random.ts';
import type { Stage } from '../stage.ts';
import { p, path } from '../svg.ts';
import type { SkyPlan } from './sky.ts';

export function drawClouds(stage: Stage, { horizon, sunX }: SkyPlan, isCovered: boolean): string {
  const { width, palette, understanding, random } = stage;
  const draw = random.fork('clouds');
  const parts: string[] = [];
  const isFlat = palette.isLow || understanding.isMinimal || understanding.style === 'ink';
  if (isCovered && understanding.weather !== 'fog') {
    const low =
      understanding.weather === 'storm' || understanding.weather === 'rain'
        ? mix(palette.sky[0], palette.shade, 0.35)
        : palette.cloud;
    for (let row = 0; row < 3; row++) {
      const colour = mix(low, palette.sky[1], row * 0.28);
      for (let x = draw.between(-160, 0); x < width + 100; x += draw.between(200, 330))
        parts.push(
          cumulus(
            stage,
            draw,
            x,
            horizon * (0.42 - row * 0.15) + draw.between(-20, 20),
            draw.between(260, 400),
            colour,
            0.92,
          ),
        );
    }
    return parts.join('');
  }
  if (isFlat) {
    const count = understanding.isMinimal ? draw.whole(2, 4) : draw.whole(4, 7);
    for (let index = 0; index < count; index++) {
      const near = draw.chance(0.6);
      const x = near ? sunX + draw.between(-330, 330) : draw.between(0, width);
      const y = horizon * draw.between(0.3, 0.86);
      const share = y / horizon;
      const colour = mix(palette.cloud, palette.sky[share > 0.6 ? 3 : 2], 0.2);
      parts.push(
        stratus(
          x,
          y,
          draw.between(140, 420) * (1.2 - share * 0.5),
          draw.between(8, 20),
          colour,
          draw.between(0.3, 0.6),
        ),
      );
    }
    return parts.join('');
  }
  const count = understanding.accents.includes('clouds')
    ? 6
    : palette.isDark
      ? draw.whole(1, 3)
      : draw.whole(2, 4);
  for (let index = 0; index < count; index++) {
    const size = draw.between(130, 270);
    const y = horizon * draw.between(0.16, 0.62);
    if (palette.isDark) parts.push(stratus(draw.between(0, width), y, size * 1.5, 16, palette.cloud, 0.3));
    else
      parts.push(
        cumulus(stage, draw, draw.between(-0.05, 1) * width - size / 2, y, size, palette.cloud, 0.95),
      );
  }
  return parts.join('');
}

/** A cloud with a flat foot: heaps of air, the middle ones the tallest. One path, so that no seams show. */
export function cumulus(
  { define, palette }: Stage,
  random: Random,
  x: number,
  y: number,
  size: number,
  colour: string,
  opacity = 1,
): string {
  const heaps = random.whole(4, 6);
  const low = size * 0.085;
  let d = p`M${x + low} ${y}a${low} ${low} 0 0 1 0 ${-2 * low}H${x + size - low}a${low} ${low} 0 0 1 0 ${2 * low}Z`;
  for (let index = 0; index < heaps; index++) {
    const along = (index + 0.5) / heaps;
    const middle = 1 - Math.abs(along - random.between(0.42, 0.58)) * 1.7;
    const r = size * (0.085 + Math.max(0, middle) * random.between(0.1, 0.16));
    const [cx, cy] = [x + size * (0.1 + along * 0.8), y - low * 1.1 - r * 0.35];
    d += p`M${cx - r} ${cy}a${r} ${r} 0 1 1 ${2 * r} 0a${r} ${r} 0 1 1 ${-2 * r} 0Z`;
  }
  const foot = mix(colour, palette.sky[1], palette.isDark ? 0.5 : 0.28);
  return path(
    d,
    define.linear([
      [0, lighten(colour, 0.45)],
      [0.5, colour],
      [1, foot],
    ]),
    { opacity },
  );
}

/** A long thin cloud, tapering to both ends. */
function stratus(
  x: number,
  y: number,
  length: number,
  thickness: number,
  colour: string,
  opacity: number,
): string {
  const half = length / 2;
  return path(
    p`M${x - half} ${y}C${x - half * 0.5} ${y - thickness * 1.2} ${x + half * 0.2} ${y - thickness} ${x + half} ${y}C${x + half * 0.4} ${y + thickness * 0.5} ${x - half * 0.3} ${y + thickness * 0.6} ${x - half} ${y}Z`,
    colour,
    { opacity },
  );
}
