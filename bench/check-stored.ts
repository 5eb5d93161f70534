import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sha256, variantOf, type makePictureReader } from './pictures.ts';

interface StoredCheck {
  generations: number;
  pictures: number;
  bytes: number;
  /** What is not as it must be, in words. */
  problems: string[];
}

interface Row {
  id: string;
  status: string;
  model: string;
  prompt: string;
  object: string | null;
  bytes: number | null;
  sha256: string | null;
}

/**
 * Hashes every picture that a gateway has kept in this folder, and compares it with the upstream's: of `sent` requests
 * each must be a completed generation with the one picture that its prompt's number was answered with, and the record
 * must say its hash. `bytesOf` gives the size of a model's pictures.
 */
export async function checkStored(
  dataDir: string,
  sent: number,
  bytesOf: (model: string) => number,
  readPicture: ReturnType<typeof makePictureReader>,
): Promise<StoredCheck> {
  const database = new DatabaseSync(path.join(dataDir, 'easel.db'), { readOnly: true, timeout: 15_000 });
  const rows = database
    .prepare(
      `select g.id, g.status, g.model, g.prompt, i.object, i.bytes, i.sha256
      from generations g left join images i on i.generation_id = g.id`,
    )
    .all() as unknown as Row[];
  database.close();
  const hashes = new Map<string, string>();
  const check: StoredCheck = { generations: rows.length, pictures: 0, bytes: 0, problems: [] };
  if (rows.length !== sent) check.problems.push(`${sent} requests, but ${rows.length} records`);
  for (const row of rows) {
    const problem = row.object === null ? `is ${row.status}, without a picture` : problemOf(row, row.object);
    if (problem !== undefined) check.problems.push(`${row.id}: ${problem}`);
    await nextTurn();
  }
  return check;

  function problemOf(row: Row, object: string): string | undefined {
    const variant = variantOf(Number(/#(\d+)$/.exec(row.prompt)?.[1] ?? Number.NaN));
    const name = `${row.model} ${variant}`;
    const source = hashes.get(name) ?? sha256(readPicture(bytesOf(row.model), variant));
    hashes.set(name, source);
    const kept = readFileSync(path.join(dataDir, 'objects', object));
    check.pictures += 1;
    check.bytes += kept.length;
    if (row.status !== 'completed') return `is ${row.status}`;
    if (sha256(kept) !== source) return 'the file is not what the upstream sent';
    if (row.sha256 !== source || row.bytes !== kept.length) return 'the record does not describe the file';
    return undefined;
  }
}
