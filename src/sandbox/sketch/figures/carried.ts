import { lighten, mix } from '../colour.ts';
import { kindOf } from '../figure-kinds.ts';
import type { Stage } from '../stage.ts';
import { line, p, path } from '../svg.ts';
import type { Spot } from './drawing.ts';
import { type Member, type Stand, headAt, widthOf } from './member.ts';

/** What is on the far side of its bearer (a rider's legs, an umbrella), and what is on the near one (a book, a hat). */
export type Side = 'behind' | 'before';

type Render = (member: Member, stand: Stand) => string;

/** One that goes with another, where that one is. Empty for the other side. */
export function renderCarried(
  stage: Stage,
  member: Member,
  bearer: Member,
  at: Stand,
  side: Side,
  render: Render,
): string {
  const kind = member.figure.relation?.kind;
  if (kind === 'worn') return side === 'before' ? worn(stage, member, headAt(bearer, at), render) : '';
  if (kind === 'held') return held(stage, member, bearer, at, side, render);
  const isHidden = kind === 'riding' || kind === 'in';
  if (isHidden !== (side === 'behind')) return '';
  const scale = at.height / bearer.drawing.height;
  const { seat, width: bearerWidth } = bearer.drawing;
  const seatX = at.x + ((bearer.isFlipped ? bearerWidth - seat.x : seat.x) - bearerWidth / 2) * scale;
  const seatY = at.foot - at.height + seat.y * scale;
  // What sits on something is as large as the seat allows, whatever it is outdoors.
  const place = seat.size * scale * (member.figure.count > 1 ? 0.75 : 1);
  const wanted = member.height * (at.height / (kindOf(bearer.figure.name)?.height ?? 300)) * 1.25;
  const height = Math.min(
    wanted,
    (place / member.drawing.width) * member.drawing.height * (isHidden ? 1.2 : 1.3),
  );
  const foot = seatY + height * (kind === 'riding' ? 0.16 : isHidden ? 0.3 : 0.015);
  const copies = Math.min(member.figure.count, 4);
  const step = widthOf(member, height) * 0.92;
  return Array.from({ length: copies }, (_, index) =>
    render(member, { x: seatX + (index - (copies - 1) / 2) * step, foot, height }),
  ).join('');
}

function worn(stage: Stage, member: Member, head: Spot, render: Render): string {
  const { x, y, size } = head;
  const ratio = member.drawing.height / member.drawing.width;
  if (/glasses/.test(member.figure.name))
    return render(member, { x, foot: y + size * 0.81 * ratio, height: size * 1.9 * ratio });
  if (member.figure.name === 'scarf') return scarf(stage, member, head);
  return render(member, { x, foot: y - size * 0.46, height: size * 1.5 * ratio });
}

const scarfColours = {
  red: '#d9413f', orange: '#ef8a34', yellow: '#f4c83f', gold: '#dfae3a', green: '#3f9f5f', teal: '#2f9f95', cyan: '#3fb5cf', blue: '#3f74cf', navy: '#2b3f7a',
  indigo: '#4b3fa5', purple: '#8550b5', pink: '#ef7fa8', brown: '#8a5a3c', grey: '#9a9aa5', black: '#2b2a36', white: '#f4f1ec',
} as const; // prettier-ignore

/** The emoji's scarf lies in a heap; a worn one goes round a neck. */
function scarf({ palette }: Stage, { figure }: Member, { x, y, size }: Spot): string {
  const { colour: light, amount } = palette.ambient;
  const colour = mix(figure.colour ? scarfColours[figure.colour] : '#d9413f', light, amount);
  const [neck, w] = [y + size * 0.92, size * 0.92];
  const round = p`M${x - w} ${neck - size * 0.16}Q${x} ${neck + size * 0.22} ${x + w} ${neck - size * 0.16}L${x + w * 0.96} ${neck + size * 0.26}Q${x} ${neck + size * 0.6} ${x - w * 0.96} ${neck + size * 0.26}Z`;
  const end = p`M${x + w * 0.34} ${neck + size * 0.2}L${x + w * 0.8} ${neck + size * 0.12}L${x + w * 0.92} ${neck + size * 1.3}L${x + w * 0.4} ${neck + size * 1.36}Z`;
  const stripe = p`M${x + w * 0.46} ${neck + size * 1.12}L${x + w * 0.88} ${neck + size * 1.06}`;
  return (
    path(round, colour) +
    path(end, mix(colour, '#05060f', 0.12)) +
    line(stripe, lighten(colour, 0.5), size * 0.08)
  );
}

function held(stage: Stage, member: Member, bearer: Member, at: Stand, side: Side, render: Render): string {
  const { name } = member.figure;
  const { x, foot, height } = at;
  const width = widthOf(bearer, height);
  const way = bearer.isFlipped ? -1 : 1;
  if (name === 'umbrella') {
    // Behind the head, so that the face is dry and seen.
    return side === 'behind'
      ? render(member, { x: x + way * width * 0.14, foot: foot - height * 0.36, height: height * 0.92 })
      : '';
  }
  if (side === 'behind') return '';
  if (/book|newspaper|laptop/.test(name))
    return render(member, {
      x,
      foot: foot - height * (bearer.place === 'ground' ? 0.02 : 0.14),
      height: height * 0.28,
    });
  if (/guitar|violin|accordion/.test(name))
    return render(member, {
      x: x + width * 0.02,
      foot: foot - height * 0.1,
      height: height * 0.52,
      tilt: name === 'guitar' ? -10 : 0,
    });
  if (/flute|saxophone|trumpet|microphone/.test(name)) {
    const head = headAt(bearer, at);
    return render(member, {
      x: head.x + way * head.size * 0.7,
      foot: head.y + head.size * 1.6,
      height: height * 0.34,
    });
  }
  if (/^(balloon|kite)$/.test(name))
    return onStrings(
      stage,
      member,
      { x: x + way * width * 0.38, y: foot - height * 0.4, size: height },
      way,
      width,
      render,
    );
  const isBig = member.height >= 340;
  return render(member, {
    x: x + way * width * (isBig ? 0.62 : 0.42),
    foot: foot - (isBig ? 0 : height * 0.2),
    height: height * (isBig ? 0.7 : 0.38),
  });
}

/** Balloons and kites, each on a string from the hand. */
function onStrings(
  { width: edge }: Stage,
  member: Member,
  hand: Spot,
  way: number,
  width: number,
  render: Render,
): string {
  const copies = Math.min(5, member.figure.count);
  const height = hand.size * (copies > 1 ? 0.42 : 0.6);
  return Array.from({ length: copies }, (_, index) => {
    const top = hand.y - hand.size * (0.6 + (index % 2) * 0.16);
    const wanted = hand.x + way * width * 0.2 + (index - (copies - 1) / 2) * width * 0.34;
    const x = Math.max(height * 0.45, Math.min(edge - height * 0.45, wanted));
    const string = line(
      p`M${hand.x} ${hand.y}Q${x} ${(hand.y + top) / 2 + hand.size * 0.1} ${x} ${top}`,
      '#5a5a6a',
      2.4,
    );
    return string + render(member, { x, foot: top + hand.size * 0.1, height });
  }).join('');
}
