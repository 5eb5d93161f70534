import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { BenchRun } from '../bench-run.ts';
import { startEasel, type Easel } from '../contestants/easel.ts';
import { measureCell } from '../measure.ts';
import { addCell } from './play-cell.ts';
import { getRequest } from './requests.ts';

/** Records of each gateway. */
const counts = { quick: [1000, 20_000], full: [1000, 100_000, 1_000_000] };
const model = 'b64-1400k';
const firstMs = Date.UTC(2026, 0, 1);
const stepMs = 1000;

/** The newest page and one from the middle of the list, from gateways with few and many records side by side. */
export async function playListPages(run: BenchRun): Promise<void> {
  const gateways: { count: number; easel: Easel }[] = [];
  try {
    for (const count of run.choice.isQuick ? counts.quick : counts.full) {
      gateways.push({ count, easel: await startWithRecords(run, count) });
    }
    await playPages(run, gateways, 'list-pages', () => '/v1/images?limit=20');
    if (run.choice.isQuick) return;
    const middle = (count: number) => `/v1/images?limit=20&after=${idOf(count >> 1)}`;
    await playPages(run, gateways, 'list-middle', middle);
  } finally {
    await Promise.all(gateways.map(({ easel }) => easel.stop()));
  }
}

/** Each count is a workload of its own, but they take turns like contestants of one. */
async function playPages(
  run: BenchRun,
  gateways: readonly { count: number; easel: Easel }[],
  name: string,
  pathOf: (count: number) => string,
): Promise<void> {
  run.print(`${name}, pages of 20`);
  const runners = gateways.map(({ count, easel }) => ({
    contestant: `${count / 1000}k`,
    pid: easel.pid,
    request: getRequest(`${easel.origin}${pathOf(count)}`, easel.headers, {
      kind: 'text',
      holds: ['"has_more":true', idOf(count - 1 - (name === 'list-pages' ? 0 : (count + 1) >> 1))],
    }),
  }));
  const plan = {
    workload: name,
    connections: 1,
    latencyMs: 0,
    rounds: run.choice.rounds ?? (run.choice.isQuick ? 3 : 7),
    maxMs: run.choice.isQuick ? 150 : 1000,
    maxRequests: 2000,
    warmUp: { maxMs: run.choice.isQuick ? 200 : 1000, maxRequests: 500 },
  };
  for (const { cell } of await measureCell(runners, plan, run)) {
    addCell(run, { ...cell, workload: `${name}-${cell.contestant}`, contestant: 'easel' });
  }
}

async function startWithRecords(run: BenchRun, count: number): Promise<Easel> {
  const place = await run.makePlace('easel');
  const dataDir = path.join(place.folder, 'data');
  await mkdir(dataDir, { recursive: true });
  // The gateway makes its own tables and its key; then it is filled, and started again.
  const empty = await startEasel({ openai: [model] }, place, dataDir);
  await empty.stop();
  fill(path.join(dataDir, 'easel.db'), count);
  return await startEasel({ openai: [model] }, place, dataDir);
}

/**
 * Records of one key as a year of use leaves them: one in twenty failed, each other one has a picture. What is only
 * for the search by words is left out; pages do not look at it.
 */
function fill(file: string, count: number): void {
  const database = new DatabaseSync(file);
  database.exec('pragma synchronous = off');
  const key = database.prepare("select id from api_keys where name = 'env'").get()?.['id'];
  if (typeof key !== 'string') throw new Error('the gateway has made no key');
  const insert = database.prepare(
    `insert into generations (id, key_id, status, model, prompt, parameters, created_at_ms, finished_at_ms,
      failed_images, warnings, provider, served_by, provider_model, attempts, response_format, delivered_at_ms)
    values (?, ?, ?, '${model}', ?, '{"n":1,"size":"1024x1024"}', ?, ?, '[]', '[]', 'openai', 'openai/bench', '${model}', 1, 'url', ?)`,
  );
  const insertImage = database.prepare(
    `insert into images (generation_id, position, object, format, width, height, bytes, sha256)
    values (?, 0, ?, 'png', 1024, 1024, 1048576, '${'0'.repeat(64)}')`,
  );
  database.exec('begin');
  for (let number = 0; number < count; number += 1) {
    const id = idOf(number);
    const atMs = firstMs + number * stepMs;
    const hasFailed = number % 20 === 7;
    const status = hasFailed ? 'failed' : 'completed';
    insert.run(
      id,
      key,
      status,
      `A paper boat on a rain gutter, take ${number}`,
      atMs,
      atMs + 9000,
      atMs + 9100,
    );
    if (!hasFailed) insertImage.run(id, `images/${id.slice(-2).toLowerCase()}/${id}_0.png`);
  }
  database.exec('commit');
  database.close();
}

/** Ids sort by their time, as real ones do. */
function idOf(number: number): string {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  let time = firstMs + number * stepMs;
  let text = '';
  for (let place = 0; place < 10; place += 1) {
    text = `${digits[time % 32]}${text}`;
    time = Math.floor(time / 32);
  }
  return `img_${text}${String(number).padStart(16, '0')}`;
}
