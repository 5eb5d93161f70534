import { figureWords } from './figure-words.ts';
import { settingWords } from './setting-words.ts';

/**
 * How a figure stands in a scene.
 * - ground: on the ground, whole · person, suit, robe, face, machine, bust: the emoji ends at the neck or the chest,
 *   the rest is drawn under it · backdrop: behind the others · furniture: behind, others sit on it
 * - sky, water, leap, deep, perch, hang, wall, span: where the word says · surface: small, stands on something
 * - worn, garment, held: goes with a living figure if there is one
 */
export type FigurePlace =
  | 'ground'
  | 'person'
  | 'suit'
  | 'robe'
  | 'face'
  | 'machine'
  | 'bust'
  | 'backdrop'
  | 'furniture'
  | 'sky'
  | 'water'
  | 'leap'
  | 'deep'
  | 'perch'
  | 'hang'
  | 'wall'
  | 'span'
  | 'surface'
  | 'worn'
  | 'garment'
  | 'held';

export interface FigureKind {
  readonly name: string;
  readonly place: FigurePlace;
  /** Height in thousandths of the picture's short side. */
  readonly height: number;
  readonly home: string;
}

/** One thing a word can mean. `value` is read by `kind`; the words' own files list both. */
export interface Meaning {
  readonly kind: string;
  readonly value: string;
}

export interface Vocabulary {
  readonly kinds: ReadonlyMap<string, FigureKind>;
  readonly words: ReadonlyMap<string, readonly Meaning[]>;
  /** The longest entries, so that a reader knows how far to look: English in words, Chinese in characters. */
  readonly longestPhrase: number;
  readonly longestRun: number;
}

let loaded: Vocabulary | undefined;

/** The word tables, read once. */
export function vocabulary(): Vocabulary {
  loaded ??= read();
  return loaded;
}

function read(): Vocabulary {
  const kinds = new Map<string, FigureKind>();
  const words = new Map<string, Meaning[]>();
  let longestPhrase = 1;
  let longestRun = 1;
  const add = (word: string, meaning: Meaning) => {
    words.set(word, [...(words.get(word) ?? []), meaning]);
    if (isHan(word)) longestRun = Math.max(longestRun, word.length);
    else longestPhrase = Math.max(longestPhrase, word.split(' ').length);
  };
  for (const line of linesOf(settingWords)) {
    const [head, synonyms] = halves(line);
    const [kind = '', value = ''] = head.split(/\s+/);
    for (const word of synonyms) add(word, { kind, value });
  }
  for (const line of linesOf(figureWords)) {
    const [head, synonyms] = halves(line);
    const [mark, place = 'ground', height = '30', home = 'studio'] = head.split(/\s+/);
    const silent = mark?.startsWith('!') === true;
    const name = silent ? mark.slice(1) : (mark ?? '');
    kinds.set(name, { name, place: place as FigurePlace, height: Number(height) * 10, home });
    const own = silent ? [] : [name.replaceAll('-', ' ')];
    for (const word of new Set([...own, ...synonyms])) add(word, { kind: 'figure', value: name });
  }
  return { kinds, words, longestPhrase, longestRun };
}

export function isHan(text: string): boolean {
  return /\p{Script=Han}/u.test(text);
}

function linesOf(table: string): string[] {
  return table.split('\n').filter((line) => line.includes('='));
}

function halves(line: string): [head: string, synonyms: string[]] {
  const [head = '', rest = ''] = line.split('=');
  const synonyms = rest.split(/[,/]/).map((word) => word.trim().replaceAll("'s ", ' '));
  return [head.trim(), synonyms.filter((word) => word !== '' && word !== '-')];
}
