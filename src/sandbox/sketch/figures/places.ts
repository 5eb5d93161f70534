import { mix } from '../colour.ts';
import { needsLand } from '../figure-kinds.ts';
import { ripples } from '../settings/surface.ts';
import type { Stage } from '../stage.ts';
import { line, p, path } from '../svg.ts';
import { type Direction, type Member, widthOf } from './member.ts';

/** Windows, pictures and mirrors hang on the wall there is; without one they stand. */
export function placeWall({ stage, setting, room, put }: Direction, members: readonly Member[]): void {
  members.forEach((member, index) => {
    // A room has its own window.
    if (member.figure.name === 'window') return;
    const x = room.left + (room.right - room.left) * (0.74 - index * 0.3);
    if (setting.wallY === undefined || member.figure.name === 'door') {
      const height = Math.min(member.height, stage.height * 0.4);
      put('back', member, { x: Math.min(x, stage.width - 120), foot: setting.horizon + 26, height });
    } else put('wall', member, { x, foot: setting.wallY + member.height * 0.5, height: member.height });
  });
}

export function placeSky({ stage, setting, room, draw, put }: Direction, members: readonly Member[]): void {
  const all = members.flatMap((member) => Array.from({ length: member.figure.count }, () => member));
  const span = room.right - room.left;
  const low = setting.horizon * 0.78;
  all.forEach((member, index) => {
    const isAlone = all.length === 1;
    const small = isAlone ? 1.25 : Math.max(0.42, 1 - all.length * 0.09) * (index % 2 ? 0.8 : 1);
    const height = Math.min(member.height * small, stage.height * 0.46);
    const x =
      room.left +
      span * (isAlone ? draw.between(0.36, 0.64) : (index + 0.5 + draw.between(-0.2, 0.2)) / all.length);
    const level = isAlone
      ? draw.between(0.82, 0.98)
      : 0.52 + 0.44 * (index % 2 === 0 ? draw.between(0.55, 1) : draw.between(0, 0.5));
    put('sky', member, { x, foot: Math.max(height + (isAlone ? 60 : 30), low * level), height });
  });
}

/** Lanterns come in rows, each on its cord. */
export function placeHanging({ stage, room, draw, put, add }: Direction, members: readonly Member[]): void {
  for (const member of members) {
    const count = member.figure.count === 1 ? 1 : Math.max(4, member.figure.count);
    for (let index = 0; index < count; index++) {
      const x =
        room.left +
        ((room.right - room.left) * (index + 0.5)) / count +
        (count > 1 ? draw.between(-20, 20) : 0);
      const height =
        Math.min(member.height * (count > 1 ? 0.7 : 1.3), stage.height * 0.34) * draw.between(0.85, 1.1);
      const foot = height + stage.height * draw.between(0.06, 0.22);
      add('sky', line(p`M${x} -6V${foot - height * 0.94}`, mix(stage.palette.shade, '#5a3a30', 0.5), 4));
      put('sky', member, { x, foot, height });
    }
  }
}

/**
 * Buildings and trees stand behind, to one side when somebody is in front. Returns where the eye is led, undefined
 * when there is nothing.
 */
export function placeBackdrop(
  direction: Direction,
  members: readonly Member[],
  others: number,
): number | undefined {
  const { stage, setting, room, draw, put, add } = direction;
  const span = room.right - room.left;
  const total = members.reduce((sum, member) => sum + Math.min(5, member.figure.count), 0);
  const isOnRock = setting.waterline !== undefined && !needsLand(stage.understanding.figures);
  const slots = slotsFor(total, others > 0, draw.chance(0.5) ? 1 : -1);
  let focus: number | undefined;
  let slot = 0;
  for (const member of members.toSorted((a, b) => b.height - a.height)) {
    const copies = Math.min(5, member.figure.count);
    for (let copy = 0; copy < copies; copy++) {
      const x = room.left + span * (slots[slot++] ?? 0.5);
      const size =
        member.height *
        (total > 2 ? 0.74 : others > 0 || total > 1 ? 0.98 : 1.08) *
        (copies > 1 ? draw.between(0.8, 1.05) : 1);
      const isLandmark = /tower|liberty/.test(member.figure.name);
      const near =
        setting.waterline === undefined
          ? setting.ground - (others > 0 ? 64 : 34) - (slot % 2) * 14
          : setting.ground - 40;
      // A tower belongs to the skyline, not to the street.
      const foot = Math.min(
        isLandmark && stage.understanding.scene === 'city' ? setting.horizon + 12 : near,
        stage.height * 0.92,
      );
      const height = Math.min(
        size,
        foot - stage.height * 0.06,
        (span * 0.92 * member.drawing.height) / member.drawing.width,
      );
      if (isOnRock) add('back', rock(stage, x, foot, widthOf(member, height)));
      put('back', member, { x, foot, height }, { throwsShadow: !isLandmark });
      focus = x;
    }
  }
  return focus;
}

function slotsFor(total: number, hasOthers: boolean, side: 1 | -1): number[] {
  if (total === 1) return [0.5 + side * (hasOthers ? 0.14 : 0.03)];
  if (total === 2) return [0.5 - side * 0.22, 0.5 + side * 0.24];
  return Array.from({ length: total }, (_, index) => (index + 0.5) / total);
}

/** What stands in the middle of the water stands on a rock. */
function rock({ palette }: Stage, x: number, foot: number, width: number): string {
  const stone = mix('#7d7a80', palette.isDark ? palette.sky[0] : palette.haze, palette.isDark ? 0.6 : 0.25);
  const half = Math.max(120, width * 0.85);
  const top = foot - 16;
  const outline = p`M${x - half} ${foot + 22}Q${x - half * 0.9} ${top + 6} ${x - half * 0.62} ${top + 4}L${x - half * 0.42} ${top - 10}Q${x} ${top - 22} ${x + half * 0.4} ${top - 6}L${x + half * 0.68} ${top + 8}Q${x + half * 0.94} ${top + 12} ${x + half} ${foot + 22}Z`;
  const dark = p`M${x + half * 0.1} ${top - 18}Q${x + half * 0.3} ${top - 14} ${x + half * 0.4} ${top - 6}L${x + half * 0.68} ${top + 8}Q${x + half * 0.94} ${top + 12} ${x + half} ${foot + 22}H${x + half * 0.3}Q${x + half * 0.36} ${foot} ${x + half * 0.1} ${top - 18}Z`;
  return (
    path(outline, stone) +
    path(dark, palette.shade, { opacity: 0.28 }) +
    ripples(x, foot + 14, half * 2, mix(palette.sky[3], '#ffffff', 0.4))
  );
}

export function placeSpan({ setting, room, put }: Direction, members: readonly Member[]): void {
  for (const member of members) {
    const width = Math.min(900, (room.right - room.left) * 0.86);
    const foot = (setting.waterline ?? setting.ground - 70) + 50;
    put('back', member, {
      x: (room.left + room.right) / 2,
      foot,
      height: (width * member.drawing.height) / member.drawing.width,
    });
  }
}

export function placeFurniture(
  { setting, room, draw, put }: Direction,
  members: readonly Member[],
  hasOthers: boolean,
): void {
  const span = room.right - room.left;
  const aside = hasOthers ? (draw.chance(0.5) ? 0.12 : -0.12) : 0;
  const shares = members.length === 1 ? [0.5 + aside] : [0.42, 0.84, 0.12, 0.66];
  members.forEach((member, index) => {
    const isMain = index === 0;
    const height = Math.min(
      member.height * (isMain && members.length < 3 ? 1.1 : 0.95),
      (span * 0.86 * member.drawing.height) / member.drawing.width,
    );
    const stand = {
      x: room.left + span * (shares[index] ?? 0.5),
      foot: setting.ground - (isMain ? 6 : 40),
      height,
    };
    put('furniture', member, stand, { throwsShadow: true });
  });
}
