import assert from 'node:assert/strict';
import { test } from 'node:test';
import { extend, nothingSelected, onlyShown, selectAll, toggle } from './selection.ts';

const order = ['a', 'b', 'c', 'd', 'e'];

test('a range goes from the last one that was chosen alone, either way, and adds to what is chosen', () => {
  const one = toggle(nothingSelected, 'd');
  const up = extend(one, 'b', order);
  assert.deepEqual([...up.ids].toSorted(), ['b', 'c', 'd']);
  const down = extend(up, 'e', order);
  assert.deepEqual([...down.ids].toSorted(), ['b', 'c', 'd', 'e']);
  assert.deepEqual([...nothingSelected.ids], []);
});

test('without a beginning a range is one picture', () => {
  assert.deepEqual([...extend(nothingSelected, 'c', order).ids], ['c']);
  assert.deepEqual([...extend({ ids: new Set(), anchor: 'gone' }, 'c', order).ids], ['c']);
});

test('choosing again takes it out, and what is gone is not chosen', () => {
  const all = selectAll(order);
  assert.equal(toggle(all, 'c').ids.has('c'), false);
  assert.deepEqual([...onlyShown(all, ['a', 'e']).ids], ['a', 'e']);
  assert.equal(onlyShown(all, order), all);
});
