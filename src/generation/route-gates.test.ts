import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../test/kit/manual-clock.ts';
import { routeOf } from '../../test/kit/routes.ts';
import type { Provider } from '../core/provider.ts';
import type { Route } from '../core/route.ts';
import { providers } from '../providers/registry.ts';
import { makeRouteGates, type Entered } from './route-gates.ts';

function bench(...routes: Route[]) {
  const clock = manualClock();
  const known = new Map(providers.map((provider): [string, Provider] => [provider.name, provider]));
  const gates = makeRouteGates(routes, { providers: known, clock, random: () => 0.5 });
  const stop = new AbortController();
  const enter = (
    by: readonly Route[],
    facts: { keyId?: string; images?: number; forMs?: number } = {},
  ): Promise<Entered | undefined> => {
    const { keyId = 'key', images = 1, forMs = 60_000 } = facts;
    const demand = { keyId, images, arrival: gates.nextArrival() };
    return gates.enterAny(by, demand, clock.now() + forMs, stop.signal);
  };
  return { clock, gates, enter, stop };
}

const nameOf = (entered: Entered | undefined) => entered?.route.name;

test('the first route that has room is taken, the others wait for nobody', async () => {
  const a = routeOf({ name: 'a', concurrency: 1, baseUrl: 'http://a' });
  const b = routeOf({ name: 'b', concurrency: 1, baseUrl: 'http://b' });
  const { enter } = bench(a, b);
  assert.equal(nameOf(await enter([a, b])), 'a');
  assert.equal(nameOf(await enter([a, b])), 'b');
});

test('where none has room, the first to have it is taken, and no place is kept at the others', async () => {
  const a = routeOf({ name: 'a', concurrency: 1, baseUrl: 'http://a' });
  const b = routeOf({ name: 'b', concurrency: 1, baseUrl: 'http://b' });
  const { enter, clock } = bench(a, b);
  const first = await enter([a]);
  const second = await enter([b]);
  const waiting = enter([a, b]);
  second?.pass.leave('used');
  assert.equal(nameOf(await waiting), 'b');
  first?.pass.leave('used');
  assert.equal(nameOf(await enter([a])), 'a');
  assert.equal(clock.sleepers, 0);
});

test('routes of one account and upstream model share the strictest of their limits, whatever they are called', async () => {
  const a = routeOf({ name: 'a', model: 'x', concurrency: 5 });
  const b = routeOf({ name: 'b', model: 'y', concurrency: 2 });
  const otherKey = routeOf({ name: 'c', credential: { kind: 'key', apiKey: 'another' } });
  const { enter } = bench(a, b, otherKey);
  await enter([a]);
  const second = await enter([b]);
  const third = enter([a]);
  assert.equal(nameOf(await enter([otherKey])), 'c');
  second?.pass.leave('used');
  assert.equal(nameOf(await third), 'a');
});

test('an image takes a slot where the upstream counts images, a call where it counts calls', async () => {
  const kling = routeOf({ provider: 'kling', concurrency: 4 });
  const ark = routeOf({ provider: 'ark', concurrency: 4 });
  const { enter } = bench(kling, ark);
  await enter([kling], { images: 4 });
  assert.equal(await Promise.race([enter([kling]), Promise.resolve('waits')]), 'waits');
  for (let i = 0; i < 4; i += 1) await enter([ark], { images: 4 });
  assert.equal(await Promise.race([enter([ark]), Promise.resolve('waits')]), 'waits');
});

test('who waited in vain until its time was over leaves no trace', async () => {
  const a = routeOf({ concurrency: 1 });
  const { enter, clock } = bench(a);
  const first = await enter([a]);
  const late = enter([a], { forMs: 10_000 });
  const next = enter([a], { forMs: 20_000 });
  await clock.advance(10_000);
  assert.equal(await late, undefined);
  first?.pass.leave('used');
  assert.equal(nameOf(await next), 'primary');
});

test('a signal ends the waiting with its reason, and the slot goes to the next', async () => {
  const a = routeOf({ concurrency: 1 });
  const { enter, clock, gates, stop } = bench(a);
  const first = await enter([a]);
  const given = enter([a]);
  const patient = gates.enterAny(
    [a],
    { keyId: 'other', images: 1, arrival: gates.nextArrival() },
    clock.now() + 60_000,
    new AbortController().signal,
  );
  stop.abort(new Error('enough'));
  await assert.rejects(given, /enough/);
  await assert.rejects(enter([a]), /enough/);
  first?.pass.leave('used');
  assert.equal(nameOf(await patient), 'primary');
  assert.equal(clock.sleepers, 0);
});

test('a call that waits at two gates takes one slot in all, also when one leaving opens both', async () => {
  const a = routeOf({ name: 'a', baseUrl: 'http://a', provider: 'kling', concurrency: 2 });
  const b = routeOf({ name: 'b', baseUrl: 'http://b', provider: 'kling', concurrency: 2 });
  const { enter } = bench(a, b);
  const inA = await enter([a]);
  const inB = await enter([b]);
  const both = [enter([a, b], { images: 2 }), enter([b, a], { images: 2 }), enter([a, b]), enter([b, a])];
  inA?.pass.leave('used');
  inB?.pass.leave('used');
  const [first, second] = await Promise.all(both.slice(0, 2));
  assert.deepEqual(new Set([nameOf(first), nameOf(second)]), new Set(['a', 'b']));
  first?.pass.leave('used');
  second?.pass.leave('used');
  const last = await Promise.all(both.slice(2));
  for (const each of last) each?.pass.leave('used');
  assert.ok((await enter([a], { images: 2 })) !== undefined);
  assert.ok((await enter([b], { images: 2 })) !== undefined);
});
