import { darken, mix } from '../colour.ts';
import { drawFarShore } from './far-shore.ts';
import { drawSky, planSky } from './sky.ts';
import { drawWater } from './surface.ts';
import type { Setting, Stage } from '../stage.ts';
import { line, p, path } from '../svg.ts';

/** Sand in front, surf, then the sea. */
export function beachScene(stage: Stage): Setting {
  const { width, height, palette, random, define } = stage;
  const draw = random.fork('beach');
  const horizon = height * draw.between(0.44, 0.52);
  const plan = planSky(stage, horizon);
  const flip = draw.chance(0.5);
  const [near, far] = [height * draw.between(0.7, 0.76), height * draw.between(0.62, 0.68)];
  const [left, right] = flip ? [near, far] : [far, near];
  const edge = (lift: number) =>
    p`M-10 ${left + lift}C${width * 0.28} ${left + lift + 46} ${width * 0.4} ${right + lift - 20} ${width * 0.62} ${right + lift + 16}S${width * 0.9} ${right + lift - 24} ${width + 10} ${right + lift}L${width + 10} ${height + 10}L-10 ${height + 10}Z`;
  const sand = palette.isDark
    ? mix('#d9b98c', palette.sky[1], 0.6)
    : palette.isLow
      ? mix('#eac694', palette.haze, 0.35)
      : '#f2d9a6';
  const foam = mix('#ffffff', palette.sky[3], palette.isDark ? 0.5 : 0.15);
  const parts = [
    drawSky(stage, plan),
    drawFarShore(stage, plan, draw),
    drawWater(stage, plan),
    path(edge(-44), mix(foam, palette.sky[2], 0.25), { opacity: 0.35 }),
    path(edge(-22), foam, { opacity: 0.75 }),
    path(edge(-8), mix(sand, darken(sand, 0.35), 0.5), { opacity: 0.9 }),
    path(
      edge(6),
      define.linear([
        [0, mix(sand, foam, 0.2)],
        [0.35, sand],
        [1, darken(sand, 0.16)],
      ]),
    ),
  ];
  let specks = '';
  for (let index = 0; index < 90; index++)
    specks += p`M${draw.next() * width} ${height * draw.between(0.8, 0.99)}h${draw.between(3, 9)}`;
  parts.push(line(specks, darken(sand, 0.25), 2.4, 0.35));
  for (let index = 0; index < 5; index++)
    parts.push(
      shell(
        draw.between(0.05, 0.95) * width,
        height * draw.between(0.85, 0.97),
        draw.between(7, 12),
        draw.pick(['#fff3e3', '#ffc9b8', '#f4a988'] as const),
      ),
    );
  return {
    behind: parts.join(''),
    before: '',
    ground: height * 0.9,
    horizon,
    waterline: horizon + 70,
    hasShadows: true,
  };
}

function shell(x: number, y: number, r: number, colour: string): string {
  return (
    path(
      p`M${x - r} ${y}A${r} ${r} 0 0 1 ${x + r} ${y}L${x + r * 0.25} ${y + r * 0.6}L${x - r * 0.25} ${y + r * 0.6}Z`,
      colour,
    ) +
    line(
      p`M${x} ${y - r * 0.8}V${y + r * 0.5}M${x - r * 0.5} ${y - r * 0.6}L${x - r * 0.15} ${y + r * 0.5}M${x + r * 0.5} ${y - r * 0.6}L${x + r * 0.15} ${y + r * 0.5}`,
      darken(colour, 0.25),
      1.5,
      0.6,
    )
  );
}
