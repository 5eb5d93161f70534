import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../test/kit/manual-clock.ts';
import { requestOf } from '../../test/kit/provider-calls.ts';
import { routeOf } from '../../test/kit/routes.ts';
import { cardSchema } from '../core/card.ts';
import { GatewayError } from '../core/errors.ts';
import type { ImageRequest } from '../core/image-request.ts';
import type { Provider } from '../core/provider.ts';
import type { Route } from '../core/route.ts';
import { providers } from '../providers/registry.ts';
import { planGeneration } from './plan.ts';
import { makeRouteHealth } from './route-health.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

function bench(modelId: string, routes: readonly Partial<Route>[], random: () => number = () => 0) {
  const clock = manualClock();
  const known = new Map(providers.map((provider): [string, Provider] => [provider.name, provider]));
  const owner = providers.find((provider) => provider.cards.some((card) => card.id === modelId));
  const card = cardSchema.parse(owner?.cards.find((card) => card.id === modelId));
  const health = makeRouteHealth({ now: () => clock.now(), log: quiet });
  const model = {
    card,
    routes: routes.map((facts, i) =>
      routeOf({ model: modelId, provider: owner?.name ?? '', name: `r${i}`, ...facts }),
    ),
  };
  const plan = (facts: Partial<ImageRequest> = {}) =>
    planGeneration(requestOf({ model: modelId, ...facts }), model, { health, providers: known, random });
  const refusal = (): GatewayError => {
    try {
      plan();
    } catch (error) {
      assert.ok(error instanceof GatewayError);
      return error;
    }
    throw new Error('was planned');
  };
  return { clock, health, model, plan, refusal };
}

const sizes = (plan: { calls: readonly { images: number; firstIndex: number }[] }) =>
  plan.calls.map(({ images, firstIndex }) => [firstIndex, images]);

test('where an image takes a slot, more images than slots become several calls', () => {
  assert.deepEqual(sizes(bench('kling-image-o1', [{ concurrency: 4 }]).plan({ n: 9 })), [
    [0, 4],
    [4, 4],
    [8, 1],
  ]);
  assert.deepEqual(sizes(bench('kling-image-o1', [{}]).plan({ n: 9 })), [[0, 9]]);
});

test('any route may serve any call, so the one with the fewest slots decides', () => {
  const { plan } = bench('kling-image-o1', [{ concurrency: 20 }, { concurrency: 5 }]);
  assert.deepEqual(sizes(plan({ n: 9 })), [
    [0, 5],
    [5, 4],
  ]);
});

test('no call asks for more than its route may make in a minute', () => {
  assert.deepEqual(sizes(bench('kling-image-o1', [{ imagesPerMinute: 3 }]).plan({ n: 4 })), [
    [0, 3],
    [3, 1],
  ]);
});

test('with a seed each call has its own, without one it has none', () => {
  const { plan } = bench('seedream-4.5', [{}]);
  const seeds = (facts: Partial<ImageRequest>) => plan(facts).calls.map(({ request }) => request.seed);
  assert.deepEqual(seeds({ n: 3, seed: 2 ** 31 - 2 }), [2 ** 31 - 2, 2 ** 31 - 1, 0]);
  assert.deepEqual(seeds({ n: 2 }), [undefined, undefined]);
});

test('a group is one call, whatever the route allows', () => {
  const { plan } = bench('seedream-4.5', [{ concurrency: 1, imagesPerMinute: 2 }]);
  assert.deepEqual(sizes(plan({ group: { maxImages: 15 } })), [[0, 15]]);
});

test('each call of a generation draws its own order of weighted routes', () => {
  const draws = [0, 0, 0.99, 0];
  const { plan } = bench('seedream-4.5', [{ weight: 1 }, { weight: 1 }], () => draws.shift() ?? 0);
  assert.deepEqual(
    plan({ n: 2 }).calls.map(({ routes }) => routes[0]?.name),
    ['r0', 'r1'],
  );
});

test('a model all of whose routes are out of service is refused, with the shortest wait', async () => {
  const { plan, refusal, health, model, clock } = bench('seedream-4.5', [{}, {}]);
  const [first, second] = model.routes;
  assert.ok(first !== undefined && second !== undefined);
  health.begin(first)?.end('billing');
  assert.equal(plan().calls.length, 1);
  await clock.advance(30_000);
  health.begin(second)?.end('auth');
  const { reason, retryAfterMs, message, details, status } = refusal();
  assert.deepEqual([status, reason, retryAfterMs], [503, 'model_unavailable', 7500]);
  assert.match(message, /refused this server/);
  assert.match(details ?? '', /billing, auth/);
  await clock.advance(7500);
  assert.equal(plan().calls.length, 1, 'the next request is the probe');
});

test('a model without any route is refused as any that has no usable one', () => {
  const error = bench('seedream-4.5', []).refusal();
  assert.deepEqual([error.reason, error.shouldRetry, error.retryAfterMs], ['model_unavailable', true, 1000]);
  assert.match(error.message, /no route is configured/);
});

test('a model whose upstream does not answer is refused in other words', () => {
  const { refusal, health, model } = bench('seedream-4.5', [{}]);
  for (const route of model.routes) for (let i = 0; i < 5; i += 1) health.begin(route)?.end('not_sent');
  assert.match(refusal().message, /does not answer/);
});
