import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  countFilters,
  filtersToList,
  filtersToQuery,
  isNarrowed,
  noFilters,
  readFilters,
} from './filters.ts';

const read = (query: string) => readFilters(new URLSearchParams(query));

test('filters come back from the address as they were put there', () => {
  const filters = {
    ...noFilters,
    q: 'paper boat',
    model: 'glm-image',
    key: 'key_01K3ZQ8V5N7D2M4R6T9W1X3Y5B',
    status: 'failed' as const,
    from: '2026-11-01',
    to: '2026-11-22',
    costMin: '0.04',
    costMax: '12',
  };
  assert.deepEqual(read(new URLSearchParams(filtersToQuery(filters)).toString()), filters);
  assert.deepEqual(filtersToQuery(noFilters), {});
  assert.equal(countFilters(filters), 5);
});

test('what makes no sense in an address is left out', () => {
  const odd = 'status=gone&from=2026-02-31&to=tomorrow&cost_min=-1&cost_max=1e9&key=a%20b&image=img_x&model=';
  assert.deepEqual(read(odd), noFilters);
  assert.equal(isNarrowed(read('q=%20%20')), false);
  assert.equal(isNarrowed(read('q=boat')), true);
});

test('a day ends when the next one begins, in the calendar of the one who asks', () => {
  const query = filtersToList(read('from=2026-11-22&to=2026-11-22'), false);
  const start = new Date(2026, 10, 22).getTime() / 1000;
  assert.deepEqual(query, {
    created_after: start,
    created_before: new Date(2026, 10, 23).getTime() / 1000,
  });
});

test('a key asks for neither keys nor costs', () => {
  const filters = read('q=a%20%20b&key=key_01K3ZQ8V5N7D2M4R6T9W1X3Y5B&cost_min=1&cost_max=2');
  assert.deepEqual(filtersToList(filters, false), { q: 'a b' });
  assert.deepEqual(filtersToList(filters, true), {
    q: 'a b',
    key: 'key_01K3ZQ8V5N7D2M4R6T9W1X3Y5B',
    cost_min: '1',
    cost_max: '2',
  });
});
