import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registrations } from '../../src/providers/registry.ts';
import type { Draw } from '../../src/sandbox/kit.ts';
import { fastClock } from '../kit/fast-clock.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import type { TestGateway } from '../kit/gateway.ts';
import { startLiveGateway } from '../kit/live-gateway.ts';

/** What a native call is recorded to have used and cost: as the same request in our words. */

const create = '/v1/images/generations';
const prompt = 'a paper boat';

/** Pictures of a size in nobody's table, so that only what was asked can tell the tier. */
const oddDraw: Draw = (request) => fastDraw({ ...request, width: 333, height: 222 });

const image = (amount: string, facts: Record<string, string>) => ({
  unit: 'image',
  amount,
  currency: 'USD',
  ...facts,
});
const byTier = [image('0.01', { size: '1K' }), image('0.02', { size: '2K' }), image('0.04', { size: '4K' })];

interface Same {
  provider: string;
  model: string;
  price: unknown;
  what: string;
  native: Record<string, unknown>;
  ours: Record<string, unknown>;
  /** Undefined: whatever ours costs. */
  cost: string | undefined;
}

const cases: readonly Same[] = [
  {
    provider: 'kling',
    model: 'kling-image-o1',
    price: byTier,
    what: 'two images of a tier',
    native: { prompt, n: 2, resolution: '2k', aspect_ratio: '1:1' },
    ours: { prompt, n: 2, size: '2K' },
    cost: '0.040000',
  },
  {
    provider: 'kling',
    model: 'kling-image-o1',
    price: byTier,
    what: "the upstream's own default",
    native: { prompt },
    ours: { prompt },
    cost: '0.010000',
  },
  {
    provider: 'ark',
    model: 'seedream-4.5',
    price: byTier,
    what: 'a tier',
    native: { prompt, size: '4K' },
    ours: { prompt, size: '4K' },
    cost: '0.040000',
  },
  {
    provider: 'ark',
    model: 'seedream-4.5',
    price: [image('0.07', { size: '2848x1600' })],
    what: 'pixels',
    native: { prompt, size: '2848x1600' },
    ours: { prompt, size: '2848x1600' },
    cost: '0.070000',
  },
  {
    provider: 'gemini',
    model: 'nano-banana-pro',
    price: byTier,
    what: 'a tier, in snake case',
    native: {
      contents: [{ parts: [{ text: prompt }] }],
      generation_config: { response_modalities: ['IMAGE'], image_config: { image_size: '4K' } },
    },
    ours: { prompt, size: '4K' },
    cost: '0.040000',
  },
  {
    provider: 'gemini',
    model: 'nano-banana-pro',
    price: [{ unit: 'million_tokens', input: '2.00', output: '120.00', currency: 'USD' }],
    what: 'tokens',
    native: {
      contents: [{ parts: [{ text: prompt }] }],
      generationConfig: { responseModalities: ['IMAGE'], imageConfig: { imageSize: '2K' } },
    },
    ours: { prompt, size: '2K' },
    cost: undefined,
  },
  {
    provider: 'zai',
    model: 'glm-image',
    price: [image('0.03', { quality: 'hd' })],
    what: 'a quality',
    native: { prompt, quality: 'hd' },
    ours: { prompt, quality: 'hd' },
    cost: '0.030000',
  },
];

for (const { provider, model, price, what, native, ours, cost } of cases) {
  test(`${provider}: a native body for ${what} uses and costs what it does in our words`, async (t) => {
    const start = registrations.find((one) => one.provider.name === provider)?.startSimulator;
    assert.ok(start !== undefined);
    const simulator = await start({ draw: oddDraw, delayMs: 1, seed: () => 7 });
    t.after(() => simulator.close());
    const easel = await startLiveGateway(
      t,
      { [model]: [{ name: 'live', simulator, facts: { price } }] },
      { clock: fastClock(20) },
    );
    const own = await usageOf(easel, { model, ...native }, { 'native-params': 'true' });
    assert.deepEqual(own, await usageOf(easel, { model, ...ours }));
    if (cost === undefined) assert.match(JSON.stringify(own['cost']), /"0\.[0-9]*[1-9]/);
    else assert.deepEqual(own['cost'], { amount: cost, currency: 'USD' });
    const days = await easel.ask('GET', '/v1/usage');
    assert.equal(days.at('data.0.images'), 2 * Number(own['generated_images']));
    assert.equal(days.at('data.0.output_tokens'), 2 * Number(own['output_tokens']));
    assert.equal(Number(days.at('data.0.cost.amount')), 2 * Number(Object(own['cost'])['amount']));
  });
}

/** As the reply and the record have it. */
async function usageOf(
  easel: TestGateway,
  body: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const answer = await easel.ask('POST', create, body, headers);
  assert.equal(answer.status, 200, answer.text);
  const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
  assert.deepEqual(record.at('usage'), answer.at('usage'));
  return Object(answer.at('usage')) as Record<string, unknown>;
}
