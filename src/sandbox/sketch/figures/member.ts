import { kindOf } from '../figure-kinds.ts';
import type { Random } from '../random.ts';
import type { Setting, Stage } from '../stage.ts';
import type { Figure } from '../understanding.ts';
import type { FigurePlace } from '../words/vocabulary.ts';
import { type FigureDrawing, type Spot, drawFigure } from './drawing.ts';

/** A figure of the prompt, drawn and ready to be put somewhere, with all that goes where it goes. */
export interface Member {
  readonly figure: Figure;
  readonly drawing: FigureDrawing;
  readonly place: FigurePlace;
  /** Scene units, before any staging. */
  readonly height: number;
  readonly isFlipped: boolean;
  /** Riders, passengers, hats, books: they move with this one. */
  readonly carries: readonly Member[];
}

/** Where a member stands: the middle of its feet. Scene units; tilt in degrees. */
export interface Stand {
  readonly x: number;
  readonly foot: number;
  readonly height: number;
  readonly tilt?: number;
}

/** The part of the picture the figures have to themselves; input pictures take a side of it. */
export interface Room {
  readonly left: number;
  readonly right: number;
}

/** From back to front. */
export const layerNames = ['wall', 'back', 'sky', 'furniture', 'ground'] as const;
export type LayerName = (typeof layerNames)[number];

/** What every placing needs: the scene, its own random numbers, and a way to put things down. */
export interface Direction {
  readonly stage: Stage;
  readonly setting: Setting;
  readonly room: Room;
  readonly draw: Random;
  readonly put: (
    layer: LayerName,
    member: Member,
    stand: Stand,
    options?: { readonly throwsShadow?: boolean },
  ) => void;
  readonly add: (layer: LayerName, markup: string) => void;
}

export function widthOf(member: Member, height: number): number {
  return (member.drawing.width / member.drawing.height) * height;
}

/** The members that stand by themselves; those that go with another hang on it. */
export function membersOf(stage: Stage, draw: Random): Member[] {
  const { figures } = stage.understanding;
  const flips = figures.map(() => draw.chance(0.5));
  const drawings = figures.map((figure) => drawFigure(stage, figure.name, figure.colour, isHalf(figure)));
  const bearerOf = (figure: Figure) => {
    const to = figure.relation?.to ?? -1;
    return isCarried(figure, figures) && drawings[to] ? to : undefined;
  };
  const member = (index: number): Member[] => {
    const [figure, drawing] = [figures[index], drawings[index]];
    const kind = figure && kindOf(figure.name);
    if (!figure || !drawing || !kind) return [];
    const carries = figures.flatMap((other, at) => (bearerOf(other) === index ? member(at) : []));
    return [
      {
        figure,
        drawing,
        place: kind.place,
        height: kind.height,
        isFlipped: flips[index] === true && !hasText(figure.name),
        carries,
      },
    ];
  };
  return figures.flatMap((figure, index) => (bearerOf(figure) === undefined ? member(index) : []));
}

const hasText = (name: string) => /book|newspaper|clock|globe|cafe|keyboard/.test(name);

/** A rider's legs and a passenger's are hidden anyway. */
function isHalf({ name, relation }: Figure): boolean {
  return (
    /^(riding|in)$/.test(relation?.kind ?? '') &&
    /^(person|robe|suit|machine|face|bust)$/.test(kindOf(name)?.place ?? '')
  );
}

/** "Under", "beside" and "before" only stand near; and on a bridge one stands as on the ground. */
function isCarried({ relation }: Figure, figures: readonly Figure[]): boolean {
  if (!relation || !/^(on|in|riding|held|worn)$/.test(relation.kind)) return false;
  return !(relation.kind === 'on' && kindOf(figures[relation.to]?.name ?? '')?.place === 'span');
}

/** Whether one that usually walks is up in the air here. */
export function isAirborne({ figure, place }: Member): boolean {
  const kind = figure.relation?.kind ?? '';
  const isUp = kind === 'over' || (figure.pose === 'flying' && !/^(on|in|riding|under)$/.test(kind));
  return isUp && /^(perch|ground|face|machine|robe|suit|person)$/.test(place);
}

export function headAt({ drawing, isFlipped }: Member, { x, foot, height }: Stand): Spot {
  const scale = height / drawing.height;
  const dx = (isFlipped ? drawing.width - drawing.head.x : drawing.head.x) - drawing.width / 2;
  return { x: x + dx * scale, y: foot - height + drawing.head.y * scale, size: drawing.head.size * scale };
}
