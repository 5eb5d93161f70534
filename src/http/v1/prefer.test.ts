import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readHandling } from './prefer.ts';

test('the handling is found among other preferences, in any case, quoted or not', () => {
  for (const prefer of [
    'handling=lenient',
    'Handling=Lenient',
    'respond-async, handling=lenient',
    'handling="lenient"; x=1, wait=10',
    ' handling = lenient ',
  ]) {
    assert.equal(readHandling({ prefer }), 'lenient', prefer);
  }
  assert.equal(readHandling({ prefer: 'handling=strict, handling=lenient' }), 'strict');
});

test('what is no preference for a handling is passed over', () => {
  for (const prefer of [undefined, '', 'respond-async', 'handling', 'handling=loose', 'xhandling=lenient']) {
    assert.equal(readHandling(prefer === undefined ? {} : { prefer }), undefined, prefer);
  }
});
