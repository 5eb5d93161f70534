import { type Meaning, isHan, vocabulary } from './words/vocabulary.ts';

/** A known word of the prompt, in order. `text` is as the table spells it; a `break` ends a clause. */
export interface Token {
  readonly text: string;
  readonly meanings: readonly Meaning[];
  /** More than one, said by the word itself ("penguins"). */
  readonly plural: boolean;
}

/** Long prompts say what they are about at the beginning; reading on would only cost time. */
const maxCharacters = 3000;

const numerals: Record<string, number> = {
  一: 1, 二: 2, 两: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9, 十: 10, 几: 3, 数: 4, 多: 4,
}; // prettier-ignore

const measured =
  /^([一二两三四五六七八九十几数多]|\d{1,2})\s*(只|个|頭|头|条|匹|辆|朵|棵|株|座|艘|架|本|把|杯|位|名|群|双|对|些|串|盏|栋|幢|间|片|颗|粒|盘|碗|壶|瓶|篮|碟|件|顶|扇|封|张|束|枝|支|根|尊|叶|排|块|台|轮|道|隻|幅|场|股)/u;

/** These single characters are a thing only behind a number: 一碗面 is noodles, 画面 is not. */
const onlyCounted: Record<string, string> = {
  人: 'person',
  面: 'steaming-bowl',
  门: 'door',
  信: 'envelope',
  山: '',
  松: 'evergreen-tree',
};

/** Reads a prompt of any length and content into known words; what is unknown is left out. Never throws. */
export function tokenize(prompt: string): Token[] {
  const text = normalized(prompt);
  const tokens: Token[] = [];
  let at = 0;
  let counted = false;
  while (at < text.length) {
    const rest = text.slice(at, at + 80);
    const step: Step = isHan(rest.charAt(0)) || measured.test(rest) ? chinese(rest, counted) : latin(rest);
    if (step.token) tokens.push(step.token);
    counted = step.token?.meanings[0]?.kind === 'count';
    at += Math.max(1, step.length);
  }
  return tokens.map((token, index) => (isFruit(tokens, index) ? orange : token));
}

const orange: Token = { text: 'orange', meanings: [{ kind: 'figure', value: 'tangerine' }], plural: false };

/** "an orange", and then nothing that could be orange. */
function isFruit(tokens: readonly Token[], index: number): boolean {
  const kindAt = (at: number) => tokens[at]?.meanings[0]?.kind;
  const isAlone =
    /^(undefined|break|relation)$/.test(String(kindAt(index + 1))) ||
    (tokens[index + 1]?.text === 'and' && kindAt(index + 2) !== 'colour');
  return tokens[index]?.text === 'orange' && kindAt(index - 1) === 'count' && isAlone;
}

const irregularPlurals = new Set([
  'children',
  'people',
  'mice',
  'geese',
  'wolves',
  'cattle',
  'cherry blossoms',
]);

interface Step {
  readonly length: number;
  readonly token?: Token;
}

function normalized(prompt: string): string {
  const wellFormed = prompt.slice(0, maxCharacters).toWellFormed().normalize('NFKC').toLowerCase();
  return wellFormed.replaceAll(/[’‘`]/gu, "'").replaceAll(/(\p{L})'s\b/gu, '$1');
}

function chinese(rest: string, counted: boolean): Step {
  const { words, longestRun } = vocabulary();
  const number = measured.exec(rest);
  if (number) {
    const [all, digits = '一', measure] = number;
    const value =
      measure === '群' || measure === '些'
        ? 5
        : measure === '双' || measure === '对'
          ? 2
          : (numerals[digits] ?? Number(digits));
    return { length: all.length, token: token(all, [{ kind: 'count', value: String(value) }]) };
  }
  for (let length = Math.min(longestRun, rest.length); length >= 1; length--) {
    const piece = rest.slice(0, length);
    const meanings = words.get(piece);
    if (meanings) return { length, token: token(piece, meanings) };
    const figure = length === 1 && counted ? onlyCounted[piece] : undefined;
    if (figure) return { length, token: token(piece, [{ kind: 'figure', value: figure }]) };
  }
  return { length: 1 };
}

function latin(rest: string): Step {
  const { words, longestPhrase } = vocabulary();
  const punctuation = /^[,.;:!?，。；：！？、\n|]/u.exec(rest);
  if (punctuation) return { length: 1, token: token(',', [{ kind: 'break', value: ',' }]) };
  const run = /^[\p{L}\p{N}][\p{L}\p{N}'&+-]*(?: [\p{L}\p{N}][\p{L}\p{N}'&+-]*)*/u.exec(rest)?.[0];
  if (run === undefined) return { length: 1 };
  const pieces = run.split(' ').slice(0, longestPhrase);
  for (let count = pieces.length; count >= 1; count--) {
    const phrase = pieces.slice(0, count).join(' ');
    const meanings = words.get(phrase);
    if (meanings)
      return {
        length: phrase.length,
        token: { text: phrase, meanings, plural: irregularPlurals.has(phrase) },
      };
    for (const single of singulars(phrase)) {
      const found = words
        .get(single)
        ?.filter((meaning) => meaning.kind === 'figure' || meaning.kind === 'scene');
      if (found?.length)
        return { length: phrase.length, token: { text: single, meanings: found, plural: true } };
    }
  }
  const first = pieces[0] ?? rest;
  if (/^\d{1,2}$/.test(first))
    return { length: first.length, token: token(first, [{ kind: 'count', value: first }]) };
  // "cat-shaped", "sun-drenched": the parts of a hyphened word would say the wrong thing.
  return { length: first.length, token: token(first, [{ kind: 'unknown', value: first }]) };
}

function singulars(phrase: string): string[] {
  if (!phrase.endsWith('s') || phrase.endsWith('ss')) return [];
  const forms = [phrase.slice(0, -1)];
  if (phrase.endsWith('ies')) forms.push(`${phrase.slice(0, -3)}y`);
  if (/(?:s|x|z|ch|sh|o)es$/.test(phrase)) forms.push(phrase.slice(0, -2));
  return forms;
}

function token(text: string, meanings: readonly Meaning[]): Token {
  return { text, meanings, plural: false };
}
