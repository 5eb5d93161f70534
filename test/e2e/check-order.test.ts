import { after, before, test } from 'node:test';
import { withKeys } from '../../src/compose-stores.ts';
import { createKey } from '../../src/core/api-keys.ts';
import { assertRefused, type Refusal } from '../kit/assert-refused.ts';
import { claimedDraw } from '../kit/claimed-draw.ts';
import { startTestGateway, testSecret, type TestGateway } from '../kit/gateway.ts';
import { watchUntouched } from '../kit/untouched.ts';

/**
 * Of several faults the first in the order of public-api.md section 3 is told: each request here has one fault of
 * every stage from its own on.
 */

const secretOf = (letter: string): string => `sk-${letter.repeat(40)}`;
const frozen = secretOf('f');
const narrow = secretOf('n');

let easel: TestGateway;
let assertUntouched: () => Promise<void>;
before(async () => {
  easel = await startTestGateway({ sandbox: { draw: claimedDraw, delayMs: 1 } });
  await withKeys({ dataDir: easel.dataDir }, async (tools) => {
    const made = await createKey('frozen', tools, frozen);
    if (made.kind === 'created') await tools.keys.change(made.key.id, { state: 'frozen' });
    const other = await createKey('narrow', tools, narrow);
    if (other.kind === 'created') await tools.keys.change(other.key.id, { models: ['glm-image'] });
  });
  assertUntouched = await watchUntouched(easel);
});
after(async () => {
  await assertUntouched();
  await easel.close();
});

interface Stage extends Refusal {
  what: string;
  secret?: string;
  contentType?: string;
  native?: string;
  /** Text as it is, or the fields that are still right from here on. */
  body?: string;
  fields?: object;
}

const right = {
  model: 'seedream-4.5',
  prompt: 'a boat',
  images: ['data:image/png;base64,iVBORw0KGgo='],
};
/** One fault a field, in the order of section 4.1, then what is not exposed, not known, and no image. */
const wrong: readonly (readonly [field: string, bad: unknown, reason: string, param?: string])[] = [
  ['prompt', ' ', 'invalid_value'],
  ['images', 'nonsense', 'invalid_image'],
  ['n', 99, 'invalid_value'],
  ['size', '1024x1024', 'invalid_value'],
  ['aspect_ratio', '7:5', 'invalid_value'],
  ['response_format', 'png', 'invalid_value'],
  ['watermark', 'no', 'invalid_type'],
  ['seed', -2, 'invalid_value'],
  ['sequential_image_generation', 'maybe', 'invalid_value'],
  [
    'sequential_image_generation_options',
    { max_images: 99 },
    'invalid_value',
    'sequential_image_generation_options.max_images',
  ],
  ['output_format', 'gif', 'invalid_value'],
  ['stream', 'yes', 'invalid_type'],
  ['webhook_url', 7, 'invalid_type'],
  ['user', 7, 'invalid_type'],
  // Unsupported: again in the order of the table, whatever the order of the body.
  ['quality', 'hd', 'unsupported_parameter'],
  ['negative_prompt', 'rain', 'unsupported_parameter'],
  ['provider_options', { ark: { model: 'x' } }, 'unsupported_parameter', 'provider_options.ark.model'],
  ['nonsense', 1, 'unknown_parameter'],
  ['images', ['data:image/png;base64,iVBORw0KGgo='], 'invalid_image', 'images[0]'],
];

/** The body whose fields are right up to a place of the table, and wrong from there on. */
function bodyFrom(place: number): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  // The last first, so that the order of the body is the opposite one.
  for (const [field, bad] of wrong.slice(place).toReversed()) body[field] = bad;
  return {
    ...body,
    ...(place > 0 ? { prompt: 'a boat' } : {}),
    ...(place > 1 ? { images: right.images } : {}),
    model: right.model,
  };
}

const allWrong = JSON.stringify({ ...bodyFrom(0), model: 'none' });
const tooLarge = ' '.repeat(64 * 1024 * 1024 + 1);
const stages: readonly Stage[] = [
  {
    what: 'a key nobody knows',
    secret: secretOf('u'),
    body: tooLarge,
    status: 401,
    reason: 'invalid_api_key',
  },
  {
    what: 'a frozen key',
    secret: frozen,
    body: tooLarge,
    status: 403,
    reason: 'api_key_frozen',
    type: 'api_key_frozen',
  },
  { what: 'too large a body', body: tooLarge, status: 413, reason: 'body_too_large' },
  {
    what: 'a content type',
    contentType: 'text/plain',
    body: '{',
    status: 415,
    reason: 'invalid_content_type',
  },
  { what: 'JSON that is none', native: 'maybe', body: '{', status: 400, reason: 'invalid_json' },
  {
    what: 'an unknown model',
    native: 'maybe',
    body: allWrong,
    status: 404,
    reason: 'model_not_found',
    type: 'model_not_found',
    param: 'model',
  },
  {
    what: 'a model that the key may not use',
    native: 'maybe',
    secret: narrow,
    fields: bodyFrom(0),
    status: 403,
    reason: 'model_access_denied',
    type: 'model_access_denied',
    param: 'model',
  },
  {
    what: 'a native switch that says neither',
    native: 'maybe',
    fields: bodyFrom(0),
    status: 400,
    reason: 'invalid_value',
    param: 'Native-Params',
  },
];

for (const stage of stages) {
  test(`${stage.what} is told before all that comes behind it`, async () => {
    const { secret = testSecret, contentType = 'application/json', native, body, fields } = stage;
    const answer = await easel.ask('POST', '/v1/images/generations', body ?? fields, {
      authorization: `Bearer ${secret}`,
      'content-type': contentType,
      ...(native === undefined ? {} : { 'native-params': native }),
    });
    assertRefused(answer, stage);
  });
}

for (const [place, [field, bad, reason, param]] of wrong.entries()) {
  test(`${field} ${JSON.stringify(bad).slice(0, 40)} is told before all that comes behind it`, async () => {
    const answer = await easel.ask('POST', '/v1/images/generations', bodyFrom(place));
    assertRefused(answer, { status: 400, reason, param: param ?? field });
  });
}

test('a contradiction is told behind the faults of its own fields and before those of later ones', async () => {
  const contradiction = { model: 'kling-image-o1', prompt: 'a boat', size: '1024x1024', ratio: '16:9' };
  const create = (more: object) => easel.ask('POST', '/v1/images/generations', { ...contradiction, ...more });
  assertRefused(await create({ quality: 'best' }), {
    status: 400,
    reason: 'invalid_value',
    param: 'quality',
  });
  assertRefused(await create({ watermark: 'no' }), { status: 400, reason: 'invalid_value', param: 'size' });
  assertRefused(await create({ n: 99 }), { status: 400, reason: 'invalid_value', param: 'n' });
});
