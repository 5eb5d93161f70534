import { mix } from '../colour.ts';
import { ripples } from '../settings/surface.ts';
import { type Direction, type Member, widthOf } from './member.ts';

/** What swims, floats or leaps. Without water in the scene it stands on the ground like anybody. */
export function placeWater(direction: Direction, members: readonly Member[], hasOthers: boolean): void {
  const { stage, setting, room, draw, put, add } = direction;
  if (stage.understanding.scene === 'underwater') {
    placeUnderwater(direction, members);
    return;
  }
  const all = members.flatMap((member) =>
    Array.from({ length: Math.min(8, member.figure.count) }, () => member),
  );
  const span = room.right - room.left;
  const isAlone = all.length === 1;
  const { waterline } = setting;
  const light = mix(stage.palette.sky[3], '#ffffff', 0.35);
  const calm = stage.understanding.style === 'ink' ? 0.7 : 1;
  all.forEach((member, index) => {
    const depth = isAlone ? draw.between(0.35, 0.62) : (index * 0.618) % 1;
    const size = isAlone ? 1.22 : all.length === 2 ? 0.95 : 0.66 + depth * 0.26;
    const height = Math.min(member.height * size * calm * (hasOthers ? 0.8 : 1), stage.height * 0.52);
    const x =
      room.left + span * (!isAlone ? (index + 0.5) / all.length : hasOthers ? 0.7 : draw.between(0.38, 0.6));
    if (waterline === undefined) {
      put('ground', member, { x, foot: setting.ground, height }, { throwsShadow: true });
      return;
    }
    const surface = waterline + (setting.ground - waterline) * depth * 0.62;
    const leaps = member.place !== 'water';
    put('ground', member, {
      x,
      foot: leaps ? surface - height * 0.22 : surface,
      height,
      tilt: leaps ? -12 : 0,
    });
    add(
      'ground',
      ripples(x, leaps ? surface : surface - 8, widthOf(member, height) * (leaps ? 0.7 : 0.95), light),
    );
  });
}

function placeUnderwater({ stage, room, draw, put }: Direction, members: readonly Member[]): void {
  const all = members.flatMap((member) => Array.from({ length: member.figure.count }, () => member));
  const span = room.right - room.left;
  const isAlone = all.length === 1;
  all.forEach((member, index) => {
    const height = Math.min(
      member.height * (isAlone ? 1.7 : Math.max(0.55, 1.15 - all.length * 0.08)),
      stage.height * 0.55,
    );
    const x = room.left + span * (isAlone ? draw.between(0.42, 0.58) : (index + 0.5) / all.length);
    const foot = isAlone
      ? stage.height * 0.62
      : stage.height * (0.34 + ((index * 0.618) % 1) * 0.42) + height * 0.3;
    put('ground', member, { x, foot, height, tilt: draw.between(-8, 8) });
  });
}
