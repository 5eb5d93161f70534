import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Model } from '../api/wire.ts';
import { estimateOf, priceOf } from './prices.ts';

function priced(pricing: Model['pricing'], more: Partial<Model> = {}): Model {
  return {
    id: 'priced',
    object: 'model',
    created: 0,
    owned_by: 'priced',
    display_name: 'Priced',
    type: 'image',
    available: true,
    sandbox: false,
    aliases: [],
    native_params: false,
    supported_parameters: [],
    parameters: {
      n: { type: 'integer', minimum: 1, maximum: 4, default: 1 },
      size: { type: 'string', enum: ['1K', '4K'], default: '1K' },
    },
    'x-conflicts': [],
    input_images: { max: 0, formats: [] },
    max_prompt_length: 100,
    pricing,
    ...more,
  };
}

const flat = priced([{ unit: 'image', amount: '0.035', currency: 'USD' }]);
const tiered = priced([
  { unit: 'image', amount: '0.24', currency: 'USD', size: '4K' },
  { unit: 'image', amount: '0.134', currency: 'USD' },
]);
const byTokens = priced([{ unit: 'million_tokens', output: '30', currency: 'USD' }]);
const sketched = priced([], { sandbox: true });

test('a price is said in a few words', () => {
  assert.equal(priceOf(flat), '$0.035 an image');
  assert.equal(priceOf(tiered), '$0.134–0.24 an image');
  assert.equal(priceOf(byTokens), 'priced by tokens');
  assert.equal(priceOf(priced([])), 'price unknown');
  assert.equal(priceOf(sketched), 'free sketch');
});

test('what is chosen is priced before it is made, as far as that can be known', () => {
  assert.equal(estimateOf([flat], {}), '$0.035');
  assert.equal(estimateOf([flat], { n: 4 }), '$0.14');
  assert.equal(estimateOf([flat, tiered, sketched], { n: 2, size: '4K' }), '$0.55');
  assert.equal(estimateOf([tiered], {}), '$0.134');
  assert.equal(estimateOf([flat, byTokens], {}), undefined);
  assert.equal(estimateOf([flat], { sequential_image_generation: 'auto' }), undefined);
  assert.equal(estimateOf([sketched], {}), undefined);
});
