import { setImmediate as nextTurn } from 'node:timers/promises';

import { sql } from 'kysely';

import { foldText, type PromptIndex } from './database.ts';
import { statement } from './prepared.ts';

/**
 * Prompts in any script are found by pieces of one, two and three characters: Chinese has no spaces, and its
 * words are mostly of two characters, for which FTS5's own trigram tokenizer finds nothing. We cut the pieces
 * ourselves and give them to FTS5 as plain words, without positions: what it finds may hold the word (all its
 * pieces stand somewhere in the prompt), the caller looks at the text itself.
 */
export const sqlitePrompts: PromptIndex = {
  async catchUp(_writer, prepared) {
    const last = await prepared.first(lastOne, {});
    const missing = await prepared.rows(behind, { number: last?.number ?? 0, most: mostAtOnce });
    let characters = 0;
    for (const { number, key_id, prompt } of missing) {
      if (characters > 0 && characters + prompt.length > mostCharactersAtOnce) return true;
      characters += prompt.length;
      const pieces = [blockOf(number), encode(key_id), ...piecesOf(foldText(prompt))].join(' ');
      await prepared.run(addOne, { number, pieces });
    }
    return missing.length === mostAtOnce;
  },

  async remove(writer, number) {
    await sql`delete from prompt_pieces where rowid = ${number}`.execute(writer);
  },

  async find({ reader, prepared }, { keyId, words, most, until }) {
    const wanted = [...(keyId === undefined ? [] : [encode(keyId)]), ...words.flatMap(piecesOfWord)].slice(
      0,
      maxWanted,
    );
    // Pieces hold neither quotes nor anything else that means something to FTS5.
    const match = wanted.map((piece) => `"${piece}"`).join(' AND ');
    const highest = (await prepared.first(lastOne, {}))?.number ?? 0;
    // Those that are not in the index yet, first: they may come into it meanwhile.
    const tail = await prepared.rows(behind, { number: highest, most: most + 1 });
    const numbers = tail.map(({ number }) => number);
    if (numbers.length > most) return { numbers, end: 'more' };
    for (let number = highest; ; number -= blockNumbers) {
      const { rows } = await sql<{ number: number }>`
        select rowid as number from prompt_pieces
        where prompt_pieces match ${`${blockOf(number)} AND ${match}`} limit ${most + 1 - numbers.length}
      `.execute(reader);
      for (const row of rows) numbers.push(row.number);
      if (numbers.length > most) return { numbers, end: 'more' };
      if (number < blockNumbers) return { numbers, end: 'all' };
      if (performance.now() > until) return { numbers, end: 'cut' };
      await nextTurn();
    }
  },
};

/**
 * FTS5 writes a piece of index for each transaction and puts the pieces together later: one transaction for many
 * prompts is most of what they cost. They are read from the records, so that a process that died leaves none out.
 */
const mostAtOnce = 32;
/** All of one time is one turn of the event loop: 32 prompts of 32,000 characters took 440 ms. */
const mostCharactersAtOnce = 32 * 1024;

/** The last one in the index. Generations come into it by their number, so the ones behind it are those it lacks. */
const lastOne = statement(
  (_query, _values: object) =>
    sql<{ number: number }>`select rowid as number from prompt_pieces order by rowid desc limit 1`,
);

const behind = statement((query, { number, most }: { number: number; most: number }) =>
  query
    .selectFrom('generations')
    .select(['number', 'key_id', 'prompt'])
    .where('number', '>', number)
    .orderBy('number')
    .limit(most),
);

const addOne = statement(
  (_query, { number, pieces }: { number: number; pieces: string }) =>
    sql`insert into prompt_pieces (rowid, pieces) values (${number}, ${pieces})`,
);

/**
 * Every prompt also holds a word for its block, so that a search goes block by block and the event loop has
 * its turn between them (bounds on the rowid do not help: FTS5 looks at them only after it has found a row).
 * Words that are each common but never stand together are the worst, with up to 8 ms a block.
 */
const blockNumbers = 25_000;

/** Longer than any piece of a prompt. */
function blockOf(number: number): string {
  return `block${Math.floor(number / blockNumbers)}`;
}

/** Pieces asked for at once: enough to be rare, and the text is looked at anyway. */
const maxWanted = 48;
const maxWantedOfWord = 12;

function piecesOf(text: string): Set<string> {
  const pieces = new Set<string>();
  for (const word of text.split(/\s+/)) {
    // Two neighbours at a time: cutting slices out of an array took three times as long.
    let before = '';
    let beforeThat = '';
    for (const character of word) {
      const encoded = encodeOne(character);
      pieces.add(encoded);
      if (before !== '') pieces.add(before + encoded);
      if (beforeThat !== '') pieces.add(beforeThat + before + encoded);
      beforeThat = before;
      before = encoded;
    }
  }
  pieces.delete('');
  return pieces;
}

/** The longest pieces of the word, a fair selection of them where there are many. */
function piecesOfWord(word: string): string[] {
  const characters = Array.from(word, encodeOne);
  const length = Math.min(characters.length, 3);
  const count = characters.length - length + 1;
  const step = Math.max(1, count / maxWantedOfWord);
  const pieces = new Set<string>();
  for (let i = 0; i < count; i += step) {
    const from = Math.floor(i);
    pieces.add(characters.slice(from, from + length).join(''));
  }
  return [...pieces];
}

function encode(text: string): string {
  return Array.from(text, encodeOne).join('');
}

/** FTS5's `ascii` tokenizer ends words at what is neither letter nor digit nor beyond ASCII: moved out of its sight. */
function encodeOne(character: string): string {
  return /^[\0-/:-@[-`{-\x7f]$/.test(character)
    ? String.fromCodePoint(0xe000 + character.charCodeAt(0))
    : character;
}
