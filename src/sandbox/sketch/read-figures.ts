import { isAlive, isScenery, kindOf } from './figure-kinds.ts';
import { isNegated, means } from './meanings.ts';
import type { Token } from './tokens.ts';
import type { ColourName, RelationKind } from './understanding.ts';

export const maxFigures = 6;

const maxCount = 12;

const containers = new Set([
  'sailboat',
  'canoe',
  'automobile',
  'bathtub',
  'basket',
  'hot-air-balloon',
  'hot-beverage',
  'bed',
]);

export interface Draft {
  name: string;
  count: number;
  colour?: ColourName;
  relation?: { kind: RelationKind; to: number };
  pose?: string;
}

/** Walks the words once, keeping the number, colour and preposition that wait for their noun. */
export function figuresIn(tokens: readonly Token[]): Draft[] {
  const figures: Draft[] = [];
  let count: number | undefined;
  let colour: { value: ColourName; at: number } | undefined;
  let waiting: { kind: RelationKind; from: number | undefined } | undefined;
  /** The last figure, and whether nothing that changes the subject came since. */
  let last: number | undefined;
  let lastAt = -9;
  tokens.forEach((token, at) => {
    const value = (kind: string) => token.meanings.find((meaning) => meaning.kind === kind)?.value;
    const figure = value('figure');
    // "A baby elephant" is one animal.
    if (figure === 'baby' && tokens[at + 1]?.meanings[0]?.kind === 'figure') return;
    if (figure !== undefined && !isNegated(tokens, at)) {
      const known = figures.findIndex((other) => other.name === figure);
      const index = known >= 0 ? known : figures.length;
      if (known < 0) {
        if (figures.length >= maxFigures) return;
        const colourFits = colour && at - colour.at <= 3;
        figures.push({
          name: figure,
          count: Math.min(
            maxCount,
            Math.max(1, count !== undefined && (count > 1 || !token.plural) ? count : token.plural ? 3 : 1),
          ),
          ...(colourFits && colour && { colour: colour.value }),
        });
      }
      if (waiting) relate(figures, waiting, index);
      waiting =
        waiting?.from === undefined && waiting?.kind === 'riding' && !figures[index]?.relation
          ? { ...waiting, from: -1 - index }
          : undefined;
      [count, colour, last, lastAt] = [undefined, undefined, index, at];
      return;
    }
    if (value('count')) count = Number(value('count'));
    else if (value('colour')) colour = { value: value('colour') as ColourName, at };
    else if (value('relation')) {
      const kind = value('relation') as RelationKind;
      // "树下看书的机器人": the tree still waits for its robot, and nothing is held by a tree.
      if ((waiting?.from ?? 0) < 0 && (kind === 'held' || kind === 'in')) return;
      waiting = { kind, from: subjectOf(figures, last) };
    } else if (value('after') && at - lastAt === 1 && last !== undefined) {
      const kind = value('after') as RelationKind;
      const subject = figures.findIndex((other, index) => index !== last && !isScenery(other.name));
      if (subject >= 0 && subject < last) setRelation(figures, subject, kind, last);
      else waiting = { kind, from: -1 - last };
    } else if (means(token, 'break')) [count, colour, waiting] = [undefined, undefined, undefined];
    else if (means(token, 'scene') || means(token, 'time')) {
      colour = undefined;
      waiting = undefined;
    }
  });
  return figures;
}

/** "A robot reading a book under a tree": it is the robot that is under the tree. */
function subjectOf(figures: readonly Draft[], last: number | undefined): number | undefined {
  const relation = last === undefined ? undefined : figures[last]?.relation;
  const isCarried = relation?.kind === 'held' || relation?.kind === 'worn';
  return isCarried ? relation.to : last;
}

/** `from` below zero: the noun with the preposition came first ("树下的机器人"), and now its subject follows. */
function relate(
  figures: Draft[],
  waiting: { kind: RelationKind; from: number | undefined },
  index: number,
): void {
  const { kind, from } = waiting;
  if (from === undefined || from === index) return;
  if (from < 0) {
    setRelation(figures, index, kind, -1 - from);
    return;
  }
  const [subject, object] = [figures[from], figures[index]];
  if (!subject || !object) return;
  const wears = kindOf(object.name)?.place === 'worn' || kindOf(object.name)?.place === 'garment';
  if (kind === 'held' || kind === 'worn' || wears)
    setRelation(
      figures,
      index,
      wears ? 'worn' : canHold(subject.name, object.name) ? 'held' : 'beside',
      from,
    );
  else if (kind === 'in' && !containers.has(object.name)) setRelation(figures, from, 'beside', index);
  else setRelation(figures, from, kind, index);
}

/** Girls hold balloons; towers hold nothing, and nobody holds a horse. */
function canHold(holder: string, thing: string): boolean {
  const kind = kindOf(thing);
  if (!isAlive(holder) || !kind) return false;
  if (kind.place === 'surface') return kind.height < 320;
  if (kind.place === 'sky') return /^(balloon|kite|butterfly|dove)$/.test(thing);
  return /^(held|worn|garment)$/.test(kind.place) || /^(tulip|rose|sunflower)$/.test(thing);
}

function setRelation(figures: Draft[], of: number, kind: RelationKind, to: number): void {
  const figure = figures[of];
  if (!figure || of === to || figures[to]?.relation?.to === of) return;
  if (figure.relation && figure.relation.kind !== 'beside' && kind === 'beside') return;
  figure.relation = { kind, to };
}
