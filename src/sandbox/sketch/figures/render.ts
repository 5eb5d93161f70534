import { mix } from '../colour.ts';
import type { Stage } from '../stage.ts';
import { ellipse, line, number, p } from '../svg.ts';
import { renderCarried } from './carried.ts';
import type { Spot } from './drawing.ts';
import { type Member, type Stand, headAt, widthOf } from './member.ts';

/** A member with all it carries, where it stands. */
export function renderMember(stage: Stage, member: Member, stand: Stand): string {
  const render = (other: Member, at: Stand) => renderMember(stage, other, at);
  const carried = (side: 'behind' | 'before') =>
    member.carries.map((other) => renderCarried(stage, other, member, stand, side, render)).join('');
  const asleep = member.figure.pose === 'sleeping' ? snore(stage, headAt(member, stand)) : '';
  return carried('behind') + body(stage, member, stand) + carried('before') + asleep;
}

function body(
  { understanding }: Stage,
  { drawing, isFlipped }: Member,
  { x, foot, height, tilt = 0 }: Stand,
): string {
  const scale = height / drawing.height;
  const flip = isFlipped ? ` translate(${number(drawing.width)} 0) scale(-1 1)` : '';
  const turn = tilt
    ? ` rotate(${number(tilt)} ${number(drawing.width / 2)} ${number(drawing.height / 2)})`
    : '';
  const [left, top] = [x - (drawing.width * scale) / 2, foot - height];
  const inPlace = (dx: number, dy: number, markup: string) =>
    `<g transform="translate(${number(left + dx)} ${number(top + dy)}) scale(${scale.toFixed(3)})${flip}${turn}">${markup}</g>`;
  if (understanding.style !== 'paper') return inPlace(0, 0, drawing.markup);
  // Cut paper throws the shadow of its outline on the sheet behind.
  const outline = drawing.markup.replaceAll(/#[0-9a-f]{6}\b/gi, '#0a0d24');
  return `<g opacity=".2">${inPlace(9, 12, outline)}</g>${inPlace(0, 0, drawing.markup)}`;
}

/** Three Z, drawn: sleep has no other sign at this distance. */
function snore({ palette }: Stage, head: Spot): string {
  const colour = palette.isDark ? '#dfe6ff' : '#5a6a9a';
  return [0, 1, 2]
    .map((index) => {
      const size = 13 + index * 8;
      const [x, y] = [head.x + head.size * 0.5 + index * 32, head.y - head.size * 1.15 - index * 40];
      return line(p`M${x} ${y}h${size}l${-size} ${size}h${size}`, colour, 5 + index, 0.85);
    })
    .join('');
}

/** The soft dark spot that puts a figure on the ground. */
export function shadowOf({ define, palette }: Stage, member: Member, { x, foot, height }: Stand): string {
  const width = widthOf(member, height);
  const dark = mix(palette.shade, '#05060f', 0.5);
  const fill = define.radial([
    [0, dark, 0.5],
    [0.6, dark, 0.22],
    [1, dark, 0],
  ]);
  return ellipse(x, foot - 5, width * 0.56, Math.min(26, width * 0.1), fill);
}
