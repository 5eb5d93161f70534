import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { tar } from '../test/kit/npm-registry.ts';
import { onlyEntry } from './tar-entry.mjs';

const archive = tar({ 'package/a': 'x'.repeat(513), 'package/b': 'the one'.repeat(200), 'package/c': '' });

async function read(name: string, bytes: Buffer, chunkBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes));
  return text(Readable.from(onlyEntry(name)(Readable.from(chunks))));
}

test('one file comes out of an archive whole, however the archive is cut into chunks', async () => {
  for (const chunkBytes of [1, 7, 511, 512, 513, 100_000]) {
    assert.equal(await read('package/b', archive, chunkBytes), 'the one'.repeat(200));
    assert.equal(await read('package/c', archive, chunkBytes), '');
  }
});

test('a file that is missing or cut off is an error', async () => {
  await assert.rejects(read('package/d', archive, 512), /package\/d is not in the archive/);
  await assert.rejects(read('package/b', archive.subarray(0, 2048 + 700), 512), /is not in the archive/);
});
