import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelledDays, segments, stack, stackedMax, ticksFor } from './plot-scale.ts';

test('ticks are round, begin at nothing and reach the largest value', () => {
  assert.deepEqual(ticksFor(17, { whole: true }), [0, 5, 10, 15, 20]);
  assert.deepEqual(ticksFor(1, { whole: true }), [0, 1]);
  assert.deepEqual(ticksFor(0.3, { whole: false }), [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(ticksFor(0, { whole: true }), [0, 1]);
  for (const max of [0.000_003, 0.04, 2, 3, 99, 100, 101, 12_345]) {
    const ticks = ticksFor(max, { whole: false });
    assert.ok((ticks.at(-1) ?? 0) >= max * 0.999, `${max}: ${ticks.join(' ')}`);
    assert.ok(ticks.length >= 3 && ticks.length <= 6, `${max}: ${ticks.join(' ')}`);
  }
});

test('a bar is the sum of its parts, and nothing is drawn for nothing', () => {
  const series = [
    [1, null, 2],
    [3, null, 0],
  ];
  assert.deepEqual(stack(series, 3), [
    [
      { series: 0, from: 0, to: 1 },
      { series: 1, from: 1, to: 4 },
    ],
    [],
    [{ series: 0, from: 0, to: 2 }],
  ]);
  assert.equal(stackedMax(series, 3), 4);
  assert.equal(stackedMax([], 3), 0);
});

test('labels keep their distance and the last day has one', () => {
  assert.deepEqual(labelledDays(7, 700, 60), [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual(labelledDays(30, 300, 60), [5, 11, 17, 23, 29]);
  assert.deepEqual(labelledDays(1, 10, 60), [0]);
});

test('a line is broken where a day has no value', () => {
  assert.deepEqual(segments([1, 2, null, 3]), [
    [
      { day: 0, value: 1 },
      { day: 1, value: 2 },
    ],
    [{ day: 3, value: 3 }],
  ]);
});
