import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../test/kit/temporary-folder.ts';
import { startRun } from './bench-run.ts';

test('a peer that does not start is left out, once and aloud, and the others go on', async (t) => {
  const printed: string[] = [];
  const run = await startRun(await temporaryFolder(t), {
    choice: { isQuick: true },
    peers: { nginx: '/bin/false', portkey: undefined },
    print: (text) => printed.push(text),
  });
  t.after(() => run.close());
  for (const _time of [1, 2]) {
    const { nginx, proxies } = await run.startPeers();
    assert.equal(nginx, undefined);
    assert.deepEqual(
      proxies.map(({ name }) => name),
      ['pass-through'],
    );
  }
  assert.equal(run.results.leftOut.length, 1);
  assert.match(run.results.leftOut[0] ?? '', /^nginx: .*did not start/);
  assert.match(printed.join('\n'), /^LEFT OUT nginx: /);
});
