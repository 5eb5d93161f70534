import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeGoals } from './goals.ts';
import type { CellResult, Figure } from './results.ts';

const measure = 'added time per request, b64-1400k, 1 connection';

test('a goal is met or not by the figures of its run', () => {
  assert.deepEqual(judge([cell('direct', 2), cell('portkey', 32), cell('easel (b64_json)', 7)]), {
    measure,
    asked: "<= 1/6 of Portkey's",
    seen: '+5.0 ms (Portkey +30.0 ms, floor 2.0 ms)',
    verdict: 'met',
    distance: 1,
  });
  const slow = judge([cell('direct', 2), cell('portkey', 32), cell('easel (b64_json)', 12)]);
  assert.deepEqual([slow?.verdict, slow?.distance], ['not met', 2]);
});

test('a goal without its peer, or with a contestant that failed, is not measured', () => {
  const verdicts = [
    judge([cell('direct', 2), cell('easel (b64_json)', 3)]),
    judge([cell('direct', 2), { ...cell('portkey', 32), failures: 1 }, cell('easel (b64_json)', 3)]),
  ].map((goal) => goal?.verdict);
  assert.deepEqual(verdicts, ['not measured', 'not measured']);
});

test('a throughput stands beside what the main threads compute for a request', () => {
  const cells = [at16('portkey', 10, 80), at16('easel (b64_json)', 40, 16), at16('pass-through', 100, 5)];
  const seen = judgeGoals({ cells, figures: [] })
    .filter(({ measure }) => measure.startsWith('throughput'))
    .map(({ seen, verdict }) => [seen, verdict]);
  assert.deepEqual(seen, [
    ['40.0/s (portkey 10.0/s: 4.00x); main thread 16.0 ms a request, against 80.0', 'not met'],
    ['40.0/s (pass-through 100.0/s: 0.40x); main thread 16.0 ms a request, against 5.0', 'not met'],
  ]);
});

test('memory is judged by itself and against that of small answers', () => {
  const figures = [peak('8 MB', 280), peak('1 MB', 200)];
  const verdicts = judgeGoals({ cells: [], figures }).filter(({ measure }) => measure.startsWith('peak RSS'));
  assert.deepEqual(
    verdicts.map(({ verdict, seen }) => [verdict, seen]),
    [
      ['met', '280 MB'],
      ['not met', '1.40x (200 MB)'],
    ],
  );
});

function judge(cells: CellResult[]) {
  return judgeGoals({ cells, figures: [] }).find((goal) => goal.measure === measure);
}

function cell(contestant: string, p50Ms: number): CellResult {
  return {
    workload: 'b64-1400k',
    connections: 1,
    latencyMs: 0,
    contestant,
    rounds: [],
    requests: 10,
    p50Ms,
    p50SpreadMs: [p50Ms, p50Ms],
    p99Ms: p50Ms,
    perSecond: 1000 / p50Ms,
    perSecondSpread: [1, 1],
    cpuMsPerRequest: { own: undefined, mainThread: undefined, upstream: 1, load: 1 },
    failures: 0,
    failureTexts: [],
  };
}

function at16(contestant: string, perSecond: number, mainThread: number): CellResult {
  return {
    ...cell(contestant, 10),
    workload: 'b64-6000k',
    connections: 16,
    perSecond,
    cpuMsPerRequest: { own: mainThread, mainThread, upstream: 1, load: 1 },
  };
}

function peak(size: string, value: number): Figure {
  return {
    workload: 'memory',
    name: `peak RSS, 64 x ${size}`,
    contestant: 'easel (b64_json)',
    unit: 'MB',
    value,
  };
}
