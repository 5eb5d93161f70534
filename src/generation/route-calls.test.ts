import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeOf } from '../../test/kit/routes.ts';
import { UpstreamFault } from '../core/fault.ts';
import { makeRouteCalls } from './route-calls.ts';

test('what became of calls is counted for an hour, with the latency of those that worked', () => {
  let nowMs = 1e12;
  const calls = makeRouteCalls({ providers: new Map(), now: () => nowMs });
  const route = routeOf();
  for (let i = 1; i <= 20; i += 1) calls.note(route, undefined, i * 100);
  calls.note(route, undefined, undefined);
  calls.note(route, new UpstreamFault('billing', { details: 'HTTP 429' }), 7);
  const { lastFaults, ...recent } = calls.of(route);
  assert.deepEqual(recent, { calls: 22, failed: 1, latencyP50Ms: 1000, latencyP95Ms: 1900 });
  assert.deepEqual(lastFaults, [{ atMs: 1e12, kind: 'billing', message: 'HTTP 429', advice: undefined }]);
  nowMs += 60 * 60 * 1000;
  const later = calls.of(route);
  assert.deepEqual(
    [later.calls, later.failed, later.latencyP50Ms, later.lastFaults.length],
    [0, 0, undefined, 1],
  );
});

test('a route that never rests keeps a thousand calls and five faults', () => {
  const calls = makeRouteCalls({ providers: new Map(), now: () => 1e12 });
  const route = routeOf();
  for (let i = 0; i < 1200; i += 1)
    calls.note(route, i < 8 ? new UpstreamFault('overloaded', { details: `${i}` }) : undefined, i);
  const { lastFaults, ...recent } = calls.of(route);
  assert.deepEqual([recent.calls, recent.failed], [1000, 0]);
  assert.deepEqual(
    lastFaults.map(({ message }) => message),
    ['7', '6', '5', '4', '3'],
  );
});
