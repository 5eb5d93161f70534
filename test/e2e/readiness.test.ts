import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { startTestGateway } from '../kit/gateway.ts';
import { manualClock } from '../kit/manual-clock.ts';

test('/readyz looks at the disk once a second, however often it is asked', async (t) => {
  const clock = manualClock(Date.now());
  const easel = await startTestGateway({ clock });
  t.after(() => easel.close());
  assert.equal((await easel.ask('GET', '/readyz')).status, 200);
  const objects = path.join(easel.dataDir, 'objects');
  await rm(objects, { recursive: true });
  await writeFile(objects, '');
  clock.set(clock.now() + 999);
  assert.equal((await easel.ask('GET', '/readyz')).status, 200, 'the same look');
  clock.set(clock.now() + 1);
  const later = await easel.ask('GET', '/readyz');
  assert.deepEqual([later.status, later.at('records'), later.at('objects')], [503, true, false]);
});
