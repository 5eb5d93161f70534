import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cardSchema } from '../../core/card.ts';
import type { Model } from '../../core/catalog.ts';
import { GatewayError } from '../../core/errors.ts';
import { providers } from '../../providers/registry.ts';
import { bendToCard } from './lenient.ts';
import { readImageRequest } from './read-request.ts';

const cards = providers.flatMap(({ cards }) => cards.map((card) => cardSchema.parse(card)));

function modelOf(id: string): Model {
  const card = cards.find((card) => card.id === id);
  assert.ok(card !== undefined, id);
  return { card, routes: [] };
}

/** What is left of the parameters, and what was said about each change. */
function bend(id: string, parameters: Record<string, unknown>) {
  const model = modelOf(id);
  const { body, warnings } = bendToCard({ model: id, prompt: 'a boat', ...parameters }, model);
  // Whatever was bent is legal, else bending it was of no use.
  readImageRequest(body, model);
  const { model: _model, prompt: _prompt, ...kept } = body;
  return { kept, warnings: warnings.map(({ param, requested, used }) => [param, requested, used]) };
}

function assertBent(
  id: string,
  parameters: Record<string, unknown>,
  kept: Record<string, unknown>,
  warnings: readonly unknown[],
): void {
  assert.deepEqual(bend(id, parameters), { kept, warnings }, `${id} ${JSON.stringify(parameters)}`);
}

test('a size that the model does not make becomes the nearest that it makes', () => {
  for (const [id, size, used] of [
    ['seedream-4.5', '1024x1024', '1920x1920'],
    ['seedream-4.5', '1K', '2K'],
    ['seedream-4.5', '8K', '4K'],
    ['kling-image-o1', '1280x720', '1360x768'],
    ['kling-image-o1', '4K', '2K'],
    ['glm-image', '512x512', '1024x1024'],
    ['nano-banana-pro', '1000x1000', '1024x1024'],
    ['nano-banana-pro', '2K ', '2K'],
  ] as const) {
    assertBent(id, { size }, { size: used }, [['size', size, used]]);
  }
});

test('what can be met is left as it is, without a word', () => {
  for (const [id, parameters] of [
    ['seedream-4.5', { size: '2048x2048', n: 10, seed: 7, watermark: true }],
    ['seedream-4.5', { size: '4K', ratio: '16:9' }],
    ['kling-image-o1', { size: '1K', quality: '1K', n: 9 }],
    ['glm-image', { seed: -1, n: 1, quality: 'hd' }],
    ['nano-banana-pro', { size: 'auto', ratio: 'auto', quality: 'auto' }],
  ] as const) {
    assertBent(id, parameters, parameters, []);
  }
});

test('numbers are moved to the bound', () => {
  assertBent('kling-image-o1', { n: 12 }, { n: 9 }, [['n', 12, 9]]);
  assertBent('seedream-4.5', { n: 0 }, { n: 1 }, [['n', 0, 1]]);
  assertBent('seedream-4.5', { seed: 2 ** 40 }, { seed: 2_147_483_647 }, [['seed', 2 ** 40, 2_147_483_647]]);
});

test('ratio and quality become the nearest of the model', () => {
  assertBent('kling-image-o1', { aspect_ratio: '2:1' }, { aspect_ratio: '16:9' }, [
    ['aspect_ratio', '2:1', '16:9'],
  ]);
  assertBent('glm-image', { ratio: '21:9' }, { ratio: '16:9' }, [['ratio', '21:9', '16:9']]);
  assertBent('kling-image-o1', { quality: '4K' }, { quality: '2K' }, [['quality', '4K', '2K']]);
  assertBent('nano-banana-pro', { quality: 'ultra' }, { quality: '2K' }, [['quality', 'ultra', '2K']]);
  assertBent('kling-image-o1', { quality: 'lovely' }, {}, [['quality', 'lovely', null]]);
});

test('a parameter the model does not have is left out', () => {
  assertBent(
    'glm-image',
    { seed: 7, negative_prompt: 'rain', style: 'vivid', sequential_image_generation: 'auto' },
    {},
    [
      ['seed', 7, null],
      ['sequential_image_generation', 'auto', null],
      ['negative_prompt', 'rain', null],
      ['style', 'vivid', null],
    ],
  );
  assertBent('nano-banana-pro', { watermark: true }, { watermark: false }, [['watermark', true, false]]);
  assertBent('glm-image', { watermark: false }, {}, [['watermark', false, null]]);
});

test('a field nobody knows is left out, and so are raw options that the card does not let through', () => {
  assertBent('seedream-4.5', { guidance: 4, constructor: 1 }, {}, [
    ['guidance', 4, null],
    ['constructor', 1, null],
  ]);
  assertBent(
    'nano-banana-pro',
    { provider_options: { gemini: { safetySettings: [], evil: 1 }, ark: {} } },
    { provider_options: { gemini: { safetySettings: [] } } },
    [
      [
        'provider_options',
        { gemini: { safetySettings: [], evil: 1 }, ark: {} },
        { gemini: { safetySettings: [] } },
      ],
    ],
  );
});

test('thousands of unknown fields and megabytes in one make no long reply', () => {
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`field${i}`, 'x'.repeat(1000)]));
  const { body, warnings } = bendToCard(
    { model: 'seedream-4.5', prompt: 'a boat', ...many },
    modelOf('seedream-4.5'),
  );
  assert.deepEqual(Object.keys(body), ['model', 'prompt']);
  assert.ok(JSON.stringify(warnings).length < 10_000);
});

test('of shape wishes that contradict each other the size counts', () => {
  assertBent('kling-image-o1', { size: '1024x1024', ratio: '16:9', quality: '2K' }, { size: '1024x1024' }, [
    ['quality', '2K', null],
    ['ratio', '16:9', null],
  ]);
  assertBent('nano-banana-pro', { size: '1K', quality: '4K' }, { size: '1K' }, [['quality', '4K', null]]);
});

test('a group is lowered to what it may have with its inputs', () => {
  const images = Array.from({ length: 10 }, () => 'https://example.com/boat.png');
  assertBent(
    'seedream-4.5',
    {
      images,
      sequential_image_generation: 'auto',
      sequential_image_generation_options: { max_images: 12 },
      n: 4,
    },
    {
      images,
      sequential_image_generation: 'auto',
      sequential_image_generation_options: { max_images: 5 },
      n: 1,
    },
    [
      ['n', 4, 1],
      ['sequential_image_generation_options', { max_images: 12 }, { max_images: 5 }],
    ],
  );
  assertBent('seedream-4.5', { sequential_image_generation_options: { max_images: 4 } }, {}, [
    ['sequential_image_generation_options', { max_images: 4 }, null],
  ]);
});

test('what is malformed, and what says which picture is meant, is refused all the same', () => {
  for (const [id, parameters, param] of [
    ['seedream-4.5', { prompt: 'x'.repeat(4001) }, 'prompt'],
    ['seedream-4.5', { prompt: ' ' }, 'prompt'],
    ['seedream-4.5', { size: 'large' }, 'size'],
    ['seedream-4.5', { n: '2' }, 'n'],
    ['seedream-4.5', { n: 1.5 }, 'n'],
    ['kling-image-o1', { ratio: 'wide' }, 'ratio'],
    ['glm-image', { image: 'https://example.com/boat.png' }, 'image'],
    [
      'kling-image-o1',
      { images: Array.from({ length: 11 }, () => 'https://example.com/boat.png') },
      'images',
    ],
    ['glm-image', { mask: 'https://example.com/mask.png' }, 'mask'],
    ['glm-image', { stream: 'yes' }, 'stream'],
    ['seedream-4.5', { response_format: 'gif' }, 'response_format'],
    ['kling-image-o1', { ratio: '1:1', aspect_ratio: '1:1' }, 'aspect_ratio'],
  ] as const) {
    assert.throws(
      () => bend(id, parameters),
      (error) => error instanceof GatewayError && error.param === param,
      `${id} ${JSON.stringify(parameters).slice(0, 100)}`,
    );
  }
});
