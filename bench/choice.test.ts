import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosenLoads, isChosen } from './choice.ts';

const all = [1, 16].flatMap((connections) => [0, 20].map((latencyMs) => ({ connections, latencyMs })));
const quick = [{ connections: 16, latencyMs: 0 }];

test('a quick run plays its own loads, unless others are named', () => {
  assert.deepEqual(chosenLoads({ isQuick: false }, all, quick), all);
  assert.deepEqual(chosenLoads({ isQuick: true }, all, quick), quick);
  assert.deepEqual(chosenLoads({ isQuick: true, connections: [1], latencies: [20] }, all, quick), [
    { connections: 1, latencyMs: 20 },
  ]);
  assert.deepEqual(chosenLoads({ isQuick: false, connections: [16] }, all, quick), all.slice(2));
});

test('a contestant is named by its first word', () => {
  assert.equal(isChosen({ isQuick: true }, 'nginx'), true);
  assert.equal(isChosen({ isQuick: true, contestants: ['easel', 'direct'] }, 'easel (url)'), true);
  assert.equal(isChosen({ isQuick: true, contestants: ['easel', 'direct'] }, 'nginx'), false);
});
