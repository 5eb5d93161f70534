import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heightOf, layoutFor, move, rowCount, visibleRows } from './grid-layout.ts';

test('cells fill the width exactly, at least two in a row', () => {
  for (const width of [120, 358, 390, 559, 560, 768, 1200, 2400]) {
    const { columns, cell, gap } = layoutFor(width);
    assert.ok(columns >= 2, String(width));
    assert.ok(Math.abs(columns * cell + (columns - 1) * gap - width) < 1e-6, String(width));
  }
  assert.equal(layoutFor(358).columns, 3);
  assert.equal(layoutFor(1200).columns, 6);
});

test('only the rows near the window are drawn, wherever it stands', () => {
  const layout = { columns: 4, cell: 90, gap: 10 };
  const rows = rowCount(10_000, layout);
  assert.equal(heightOf(rows, layout), 249_990);
  assert.deepEqual(visibleRows({ top: -300, height: 800 }, rows, layout, 2), { first: 0, last: 6 });
  assert.deepEqual(visibleRows({ top: 10_000, height: 800 }, rows, layout, 2), { first: 98, last: 109 });
  assert.deepEqual(visibleRows({ top: 249_900, height: 800 }, rows, layout, 2), { first: 2497, last: 2499 });
  const { first, last } = visibleRows({ top: 0, height: 800 }, 0, layout, 2);
  assert.ok(last < first);
});

test('keys lead to cells that exist', () => {
  const grid = { columns: 4, rowsPerPage: 3, isWhole: false };
  // 4 + 4 + 2 cells.
  assert.equal(move(3, 'ArrowRight', 10, grid), 4);
  assert.equal(move(0, 'ArrowLeft', 10, grid), 0);
  assert.equal(move(9, 'ArrowRight', 10, grid), 9);
  assert.equal(move(2, 'ArrowUp', 10, grid), 2);
  assert.equal(move(7, 'ArrowDown', 10, grid), 9);
  assert.equal(move(8, 'ArrowDown', 10, grid), 8);
  assert.equal(move(6, 'Home', 10, grid), 4);
  assert.equal(move(8, 'End', 10, grid), 9);
  assert.equal(move(6, 'End', 10, { ...grid, isWhole: true }), 9);
  assert.equal(move(6, 'Home', 10, { ...grid, isWhole: true }), 0);
  assert.equal(move(9, 'PageUp', 10, grid), 1);
  assert.equal(move(1, 'PageDown', 10, grid), 9);
});
