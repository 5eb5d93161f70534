import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeIdMaker } from '../../src/core/ids.ts';
import { openDatabase } from './open-database.ts';

/** Between two copies, so that thousands fill weeks. */
const stepMs = 60_000;

/**
 * Adds `count` older copies of one kept record to the data folder of a gateway, which may be running. They share its
 * picture files and are not found by words. In one transaction and past the record store: 10,000 take less than a second.
 * Returns their ids, newest first.
 */
export function multiplyRecord(dataDir: string, id: string, count: number): string[] {
  const file = openDatabase(join(dataDir, 'easel.db'));
  try {
    const record = file.prepare('select * from generations where id = ?').get(id);
    const images = file.prepare('select * from images where generation_id = ?').all(id);
    if (record === undefined) throw new Error(`there is no record ${id}`);
    const { number: _number, ...plain } = record;
    const firstMs = Number(plain['created_at_ms']) - count * stepMs;
    let time = firstMs;
    const nextId = makeIdMaker(() => time);
    const ids: string[] = [];
    file.exec('begin immediate');
    for (let copy = 0; copy < count; copy += 1) {
      time = firstMs + copy * stepMs;
      const newId = nextId('img');
      ids.push(newId);
      insert(file, 'generations', { ...plain, id: newId, created_at_ms: time, finished_at_ms: time + 1000 });
      for (const image of images) insert(file, 'images', { ...image, generation_id: newId });
    }
    file.exec('commit');
    return ids.reverse();
  } finally {
    file.close();
  }
}

type Row = NonNullable<ReturnType<ReturnType<DatabaseSync['prepare']>['get']>>;

function insert(file: DatabaseSync, table: string, row: Row): void {
  const names = Object.keys(row);
  const places = names.map(() => '?').join(', ');
  file.prepare(`insert into ${table} (${names.join(', ')}) values (${places})`).run(...Object.values(row));
}
