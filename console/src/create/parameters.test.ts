import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Model } from '../api/wire.ts';
import {
  choose,
  expectedPixels,
  formFields,
  listedSizes,
  sizeProblem,
  takenValues,
  tiersOf,
} from './parameters.ts';

function model(parameters: Model['parameters'], more: Partial<Model> = {}): Model {
  return {
    id: 'later',
    object: 'model',
    created: 0,
    owned_by: 'later',
    display_name: 'Later',
    type: 'image',
    available: true,
    sandbox: false,
    aliases: [],
    native_params: false,
    supported_parameters: Object.keys(parameters),
    parameters,
    'x-conflicts': [],
    input_images: { max: 0, formats: [] },
    max_prompt_length: 100,
    pricing: [],
    ...more,
  };
}

const sized = model(
  {
    size: { type: 'string', pattern: '^(1K|2K|auto|[1-9][0-9]*x[1-9][0-9]*)$', default: '1K' },
    ratio: { type: 'string', enum: ['1:1', '16:9', 'auto'], default: 'auto' },
    quality: { type: 'string', enum: ['1K', '2K', 'auto'] },
  },
  {
    'x-size': {
      presets: { '1K': { '1:1': '1024x1024', '16:9': '1360x768' }, '2K': { '1:1': '2048x2048' } },
      multipleOf: 16,
      minPixels: 500_000,
      maxPixels: 4_194_304,
    },
    'x-conflicts': [
      { fields: ['size', 'ratio'], param: 'size', rule: '' },
      { fields: ['size', 'quality'], param: 'size', rule: '' },
    ],
  },
);

test('a field that no model had before is drawn by its schema', () => {
  const fields = formFields([
    model({
      glow: { type: 'number', minimum: 0, maximum: 1, description: 'How much it glows.' },
      layers: { type: 'integer', minimum: 1, maximum: 8, default: 2 },
      tidy: { type: 'boolean', default: true },
      mood: { type: 'string', enum: ['calm', 'wild'] },
      panel: { type: 'string', enum: ['3:1', '1:3'] },
      note: { type: 'string' },
      palette: { type: 'array' },
      odd: { type: ['string', 'object'] },
      fixed: { type: 'boolean', enum: [false] },
      response_format: { type: 'string', enum: ['url', 'b64_json'] },
    }),
  ]);
  assert.deepEqual(
    fields.map(({ name, label, control }) => [name, label, control.kind]),
    [
      ['glow', 'Glow', 'number'],
      ['layers', 'Layers', 'count'],
      ['tidy', 'Tidy', 'switch'],
      ['mood', 'Mood', 'choice'],
      ['panel', 'Panel', 'ratio'],
      ['note', 'Note', 'text'],
      ['palette', 'Palette', 'json'],
      ['odd', 'Odd', 'json'],
    ],
  );
  assert.equal(fields[0]?.hint, 'How much it glows.');
});

test('models side by side get what each takes, from a form with all that any of them takes', () => {
  const few = model({ n: { type: 'integer', minimum: 1, maximum: 4 } });
  const many = model({
    n: { type: 'integer', minimum: 1, maximum: 10 },
    seed: { type: 'integer', minimum: -1, maximum: 99 },
  });
  const fields = formFields([few, many]);
  assert.deepEqual(
    fields.map(({ name }) => name),
    ['n', 'seed'],
  );
  assert.deepEqual(fields[0]?.control, { kind: 'count', min: 1, max: 10 });
  const values = { n: 6, seed: 7 };
  assert.deepEqual(takenValues(few, values), {});
  assert.deepEqual(takenValues(many, values), values);
});

test('a size in pixels takes back a shape and a quality, a tier only a quality', () => {
  const shaped = choose({ quality: '2K' }, 'ratio', '16:9', [sized]);
  assert.deepEqual(shaped, { quality: '2K', ratio: '16:9' });
  assert.deepEqual(choose(shaped, 'size', '2K', [sized]), { ratio: '16:9', size: '2K' });
  assert.deepEqual(choose(shaped, 'size', '2048x2048', [sized]), { size: '2048x2048' });
  assert.deepEqual(choose({ size: '2048x2048' }, 'ratio', '16:9', [sized]), { ratio: '16:9' });
  assert.deepEqual(choose({ size: '2K' }, 'ratio', undefined, [sized]), { size: '2K' });
});

test('a model of which nobody knows the sizes takes any text, one that lists them shows its list', () => {
  const unknown = model({ size: { type: 'string', maxLength: 64 } });
  assert.deepEqual(
    formFields([unknown]).map(({ control }) => control.kind),
    ['text'],
  );
  const listing = model({ size: { type: 'string', enum: ['small', '512x768', 'auto'] } });
  assert.deepEqual(
    formFields([listing]).map(({ control }) => control.kind),
    ['size'],
  );
  assert.deepEqual(tiersOf(listing), ['small']);
  assert.deepEqual([...listedSizes(listing)], [['512x768', [512, 768]]]);
  assert.deepEqual([...listedSizes(sized).keys()], ['1024x1024', '1360x768', '2048x2048']);
});

test('a size outside of the bounds is told apart before it is sent', () => {
  assert.equal(sizeProblem(sized, '1360x768'), undefined);
  assert.equal(sizeProblem(sized, '1600x1600'), undefined);
  assert.match(sizeProblem(sized, '1601x1600') ?? '', /multiples of 16/);
  assert.match(sizeProblem(sized, '160x160') ?? '', /0\.5 to 4\.2 megapixels; this has 0\.0/);
  assert.deepEqual(takenValues(sized, { size: '160x160' }), {});
});

test('the place of a picture has its shape before the picture is there', () => {
  assert.deepEqual(expectedPixels(sized, {}), [1024, 1024]);
  assert.deepEqual(expectedPixels(sized, { ratio: '16:9' }), [1360, 768]);
  assert.deepEqual(expectedPixels(sized, { size: '1600x640' }), [1600, 640]);
  assert.deepEqual(expectedPixels(sized, { quality: '2K' }), [2048, 2048]);
});
