import type { Direction, Member } from './member.ts';

const plants = new Set([
  'sunflower',
  'tulip',
  'rose',
  'hyacinth',
  'mushroom',
  'cactus',
  'sheaf-of-rice',
  'seedling',
  'lotus',
]);

const isSown = ({ figure }: Member) => plants.has(figure.name) && figure.count >= 3;

interface Entry {
  readonly member: Member;
  readonly height: number;
  readonly width: number;
}

/** Everything that stands on the ground, side by side, as large as there is room. `focus` is what stands behind. */
export function placeGround(
  direction: Direction,
  members: readonly Member[],
  focus: number | undefined,
): void {
  for (const member of members.filter(isSown)) sow(direction, member);
  const entries = entriesOf(
    direction,
    members.filter((member) => !isSown(member)),
    focus !== undefined,
  );
  if (direction.draw.chance(0.5)) entries.reverse();
  // Many stand in two rows, the farther one smaller and between.
  const isDouble = entries.length > 4;
  const rows = isDouble
    ? [entries.filter((_, index) => index % 2 === 1), entries.filter((_, index) => index % 2 === 0)]
    : [entries];
  rows.forEach((row, rank) => placeRow(direction, row, isDouble && rank === 0, focus));
}

function entriesOf({ stage, draw }: Direction, members: readonly Member[], hasBackdrop: boolean): Entry[] {
  const { scene, isPortrait } = stage.understanding;
  const total = members.reduce((sum, member) => sum + member.figure.count, 0);
  const isTable = scene === 'table';
  const crowd =
    isPortrait && total === 1 ? 1.75 : total === 1 ? 1.42 : total === 2 ? 1.16 : total <= 4 ? 1 : 0.82;
  // One figure alone is nearer or farther.
  const nearness = total === 1 && scene !== 'studio' && !isPortrait ? draw.between(0.8, 1.12) : 1;
  const scale = crowd * nearness * (isTable ? 1.6 : 1) * (hasBackdrop ? 0.86 : 1);
  return members.flatMap((member) => {
    const tall = Math.min(member.height * scale, stage.height * (isPortrait ? 0.7 : 0.58));
    return Array.from({ length: member.figure.count }, () => {
      const height = tall * (member.figure.count > 1 ? draw.between(0.9, 1.04) : 1);
      const width = Math.max(height * 0.5, (height * member.drawing.width) / member.drawing.height);
      return { member, height, width: width * (isTable ? 0.84 : 1) };
    });
  });
}

function placeRow(
  { stage, setting, room, draw, put }: Direction,
  row: readonly Entry[],
  isFar: boolean,
  focus: number | undefined,
): void {
  const span = room.right - room.left;
  const depth = isFar ? 0.82 : 1;
  const sum = row.reduce((all, { width }) => all + width * depth, 0) * 1.06;
  const shrink = Math.min(1, (span * 0.92) / sum);
  const middle = (room.left + room.right) / 2;
  // Beside what stands behind; one alone is not always in the middle.
  const aside =
    row.length === 1 && stage.understanding.scene !== 'studio'
      ? span * draw.pick([-0.15, -0.05, 0.05, 0.15])
      : 0;
  const centre = focus === undefined ? middle + aside : middle + (middle - focus) * 0.9;
  let x = Math.max(
    room.left + span * 0.03,
    Math.min(room.right - span * 0.03 - sum * shrink, centre - (sum * shrink) / 2),
  );
  row.forEach(({ member, height, width }, index) => {
    const w = width * depth * shrink * 1.06;
    const isSmall = /^(surface|worn|held|garment)$/.test(member.place);
    const stagger = row.length > 1 ? ((index % 2) - 0.5) * 22 + (isSmall ? 14 : 0) : 0;
    const stand = {
      x: x + w / 2,
      foot: setting.ground + (isFar ? -58 : 0) + stagger,
      height: height * depth * shrink,
    };
    put('ground', member, stand, { throwsShadow: true });
    x += w;
  });
}

/** "A field of sunflowers": many, small at the back. */
function sow({ stage, setting, room, draw, put }: Direction, member: Member): void {
  const floats = member.figure.name === 'lotus' ? setting.waterline : undefined;
  const top = floats ?? setting.horizon + (stage.height - setting.horizon) * 0.3;
  const ranks = 5;
  for (let rank = 0; rank < ranks; rank++) {
    const depth = rank / (ranks - 1);
    const size = member.height * (0.26 + depth * 0.62);
    const step = size * 0.72;
    const row = top + (stage.height * 0.985 - top) * depth;
    for (
      let x = room.left + draw.between(-0.5, 0.2) * step;
      x < room.right + step * 0.4;
      x += step * draw.between(0.85, 1.25)
    )
      put('ground', member, { x, foot: row + draw.between(-8, 8), height: size * draw.between(0.9, 1.1) });
  }
}
