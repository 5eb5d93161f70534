import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { TestGateway } from './gateway.ts';

/**
 * Remembers what a gateway has written and what its simulators have been asked, and later says whether any of it
 * changed: a request that is refused leaves no record, no file and no upstream request behind.
 */
export async function watchUntouched(easel: TestGateway): Promise<() => Promise<void>> {
  const before = await tracesOf(easel);
  return async () =>
    assert.deepEqual(await tracesOf(easel), before, 'a refused request left something behind');
}

async function tracesOf(easel: TestGateway) {
  const list = await easel.ask('GET', '/v1/images?status=all&limit=100');
  const files = await readdir(path.join(easel.dataDir, 'objects'), { recursive: true, withFileTypes: true });
  const simulators = [...(easel.gateway.sandbox?.simulators.values() ?? [])];
  return {
    records: [list.at('first_id'), list.at('last_id'), list.at('has_more')],
    files: files.filter((entry) => entry.isFile()).length,
    upstreamRequests: simulators.map(({ name, control }) => [name, control.requests().length]),
  };
}
