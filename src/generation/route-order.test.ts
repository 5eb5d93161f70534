import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeOf } from '../../test/kit/routes.ts';
import { orderRoutes } from './route-order.ts';

const name = ({ name }: { name: string }): string => name;

test('routes without weights keep the order they are configured in', () => {
  const routes = ['a', 'b', 'c'].map((name) => routeOf({ name }));
  for (const random of [0, 0.5, 0.999])
    assert.deepEqual(
      orderRoutes(routes, () => random),
      routes,
    );
});

test('weighted routes change places only among each other', () => {
  const routes = [
    routeOf({ name: 'first' }),
    routeOf({ name: 'a', weight: 1 }),
    routeOf({ name: 'middle' }),
    routeOf({ name: 'b', weight: 1 }),
  ];
  assert.deepEqual(orderRoutes(routes, () => 0).map(name), ['first', 'a', 'middle', 'b']);
  assert.deepEqual(orderRoutes(routes, () => 0.99).map(name), ['first', 'b', 'middle', 'a']);
});

test('weighted routes come first as often as their weights say', () => {
  const routes = [3, 1, 6].map((weight) => routeOf({ name: `of ${weight}`, weight }));
  const counts = new Map<string, number>();
  for (let i = 0; i < 1000; i += 1) {
    const [first] = orderRoutes(routes, () => (i + 0.5) / 1000);
    counts.set(first?.name ?? '', (counts.get(first?.name ?? '') ?? 0) + 1);
  }
  assert.deepEqual(Object.fromEntries(counts), { 'of 3': 300, 'of 1': 100, 'of 6': 600 });
});
