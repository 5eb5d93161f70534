import assert from 'node:assert/strict';
import { cellsOf } from './cells.ts';
import { isMade, isRefusal, type Answer, type Deployment, type ModelCard } from './deployment.ts';
import { webhookRefusals } from './key-cases.ts';
import { maskRefusals, maskedCases } from './mask-cases.ts';
import { nativeMadeCases, nativeRefusals } from './native-cases.ts';
import { pictureUrl } from './picture.ts';
import { CannotTry, type Case } from './run-cases.ts';
import { streamRefusals, streamedCases } from './stream-cases.ts';

const create = '/v1/images/generations';
const prompt = 'conformance: a paper boat';

/** What one model takes and refuses, by its own card. */
export function modelCases(easel: Deployment, card: ModelCard, mayMake: boolean): Case[] {
  const ask = refusalsOnly(easel, mayMake);
  const post: Post = (body, headers) => ask('POST', create, { model: card.id, prompt, ...body }, headers);
  // In the words of its upstream there is no prompt of ours.
  const postNative: Post = (body, headers) => ask('POST', create, { model: card.id, ...body }, headers);
  const all = [
    ...fieldCases(card, post),
    ...inputCases(easel, card, post, mayMake),
    ...streamRefusals(card, post),
    ...nativeRefusals(card, postNative),
    ...maskRefusals(card, ask),
    ...webhookRefusals(card, post),
  ];
  if (!mayMake) return all;
  return [
    ...all,
    ...madeCases(easel, card),
    ...streamedCases(easel, card),
    ...nativeMadeCases(easel, card),
    ...maskedCases(easel, card),
  ];
}

type Post = (body: object, headers?: Record<string, string>) => Promise<Answer>;

/**
 * On a model that costs money, a request that was to be refused and was made instead is the last one sent to it:
 * whatever is wrong with the deployment must not run up a bill.
 */
function refusalsOnly({ ask }: Deployment, mayMake: boolean): Deployment['ask'] {
  if (mayMake) return ask;
  let wasMade = false;
  let last: Promise<unknown> = Promise.resolve();
  // One after the other: of several at once each might be made before the first is seen to be.
  return (...request) => {
    const answer = last.then(async () => {
      if (wasMade)
        throw new CannotTry('a request that was to be refused was made, and this model costs money');
      const answer = await ask(...request);
      wasMade = answer.status < 300;
      return answer;
    });
    last = answer.catch(() => undefined);
    return answer;
  };
}

function fieldCases(card: ModelCard, post: Post): Case[] {
  const { id } = card;
  const cells = cellsOf(card)
    .filter(({ expects }) => expects === 'refused')
    .map(({ param, value, what, beside }) => ({
      name: `${id}: ${param} ${show(value)} is refused (${what})`,
      async run() {
        const answer = await post({ ...beside, [param]: value });
        isRefusal(answer, {
          status: 400,
          reason: ['invalid_value', 'invalid_type', 'invalid_image', 'unknown_parameter'],
        });
        const named = String(answer.at('error.param'));
        assert.ok(named === param || named.startsWith(`${param}.`), `names '${named}' and not '${param}'`);
      },
    }));
  const notExposed = ['seed', 'style', 'negative_prompt', 'input_fidelity', 'quality', 'watermark'].filter(
    (param) => !(param in card.parameters),
  );
  const value: Readonly<Record<string, unknown>> = { seed: 7, watermark: true };
  return [
    ...cells,
    ...notExposed.map((param) => ({
      name: `${id}: ${param}, which its card does not have, is refused by name`,
      run: async () =>
        isRefusal(await post({ [param]: value[param] ?? 'vivid' }), {
          status: 400,
          reason: 'unsupported_parameter',
          param,
        }),
    })),
    {
      name: `${id}: a field that nobody knows is refused by name`,
      run: async () =>
        isRefusal(await post({ no_such_field: 1 }), {
          status: 400,
          reason: 'unknown_parameter',
          param: 'no_such_field',
        }),
    },
    ...[undefined, null, 7, [prompt]].map((given) => ({
      name: `${id}: a prompt that is ${show(given)} is refused`,
      run: async () =>
        isRefusal(await post({ prompt: given }), {
          status: 400,
          reason: ['missing_parameter', 'invalid_type'],
          param: 'prompt',
        }),
    })),
    {
      name: `${id}: a blank prompt is refused`,
      run: async () => {
        const reason = ['invalid_value', 'missing_parameter'];
        isRefusal(await post({ prompt: ' \n' }), { status: 400, reason, param: 'prompt' });
      },
    },
    {
      name: `${id}: a prompt one character too long is refused`,
      run: async () =>
        isRefusal(await post({ prompt: '画'.repeat(card.max_prompt_length + 1) }), {
          status: 400,
          reason: 'prompt_too_long',
          param: 'prompt',
        }),
    },
  ];
}

const spellings = ['reference_images', 'images', 'image', 'image_urls', 'image_url'];
const forms: [string, (url: string) => unknown][] = [
  ['a string', (url) => url],
  ['{url}', (url) => ({ url })],
  ['{image_url}', (url) => ({ image_url: url })],
  ['{image_url: {url}}', (url) => ({ image_url: { url } })],
];

function inputCases(easel: Deployment, card: ModelCard, post: Post, mayMake: boolean): Case[] {
  const { id } = card;
  const { max } = card.input_images;
  const picture = pictureUrl();
  if (max === 0) {
    return spellings.map((spelling) => ({
      name: `${id}: ${spelling} is refused, since it takes no images`,
      run: async () =>
        isRefusal(await post({ [spelling]: [picture] }), {
          status: 400,
          reason: ['unsupported_parameter', 'too_many_inputs'],
          param: spelling,
        }),
    }));
  }
  const bad: [string, unknown, string | readonly string[]][] = [
    ['bare base64', picture.slice(picture.indexOf(',') + 1), 'invalid_image'],
    ['an empty picture', 'data:image/png;base64,', 'invalid_image'],
    ['text that says it is a picture', `data:image/png;base64,${btoa('no picture')}`, 'invalid_image'],
    [
      'an SVG',
      `data:image/svg+xml;base64,${btoa('<svg xmlns="http://www.w3.org/2000/svg"/>')}`,
      'invalid_image',
    ],
    ['an asset that never was', `asset://ua_${'0'.repeat(26)}`, 'asset_not_found'],
    ['a private address', 'https://127.0.0.1/boat.png', 'image_fetch_failed'],
    ['a metadata address', 'https://169.254.169.254/latest/meta-data', 'image_fetch_failed'],
    ['a file', 'file:///etc/hostname', ['invalid_image', 'image_fetch_failed', 'invalid_value']],
    ['a number', 7, ['invalid_type', 'invalid_image']],
  ];
  const cases: Case[] = [
    ...bad.map(([what, input, reason]) => ({
      name: `${id}: ${what} is no input image`,
      async run() {
        const answer = await post({ images: [input] });
        isRefusal(answer, { status: 400, reason });
        assert.equal(answer.at('error.param'), 'images[0]');
      },
    })),
    {
      name: `${id}: ${max + 1} input images are too many`,
      run: async () =>
        isRefusal(await post({ images: Array.from({ length: max + 1 }, () => picture) }), {
          status: 400,
          reason: 'too_many_inputs',
          param: 'images',
        }),
    },
    {
      name: `${id}: two spellings of input images at once are refused`,
      async run() {
        const answer = await post({ images: [picture], image_url: picture });
        isRefusal(answer, { status: 400, reason: ['invalid_value', 'invalid_type'] });
      },
    },
  ];
  if (!mayMake) return cases;
  const made = spellings.flatMap((spelling) =>
    forms.flatMap(([form, wrap], place) =>
      (place === 0 ? [false, true] : [true]).map((isList) => ({
        name: `${id}: ${spelling} takes ${isList ? 'a list of ' : ''}${form}`,
        async run() {
          const one = wrap(picture);
          isMade(await easel.ask('POST', create, { model: id, prompt, [spelling]: isList ? [one] : one }));
        },
      })),
    ),
  );
  return [...cases, ...made];
}

/** What costs money on a model that is not the sandbox's. */
function madeCases(easel: Deployment, card: ModelCard): Case[] {
  const { id } = card;
  const post: Post = (body, headers) => easel.ask('POST', create, { model: id, prompt, ...body }, headers);
  const cells = cellsOf(card)
    .filter(({ expects }) => expects === 'made')
    .map(({ param, value, what, beside }) => ({
      name: `${id}: ${param} ${show(value)} is made (${what})`,
      async run() {
        const answer = await post({ ...beside, [param]: value });
        isMade(answer);
        const data = answer.at('data') as { size?: string; url?: string; b64_json?: string }[];
        if (param === 'n') assert.equal(data.length, value);
        if (param === 'response_format')
          for (const image of data) assert.notEqual(image[value as 'url' | 'b64_json'], undefined);
      },
    }));
  return [
    ...cells,
    {
      name: `${id}: null is as good as absent`,
      async run() {
        const nulls = Object.keys(card.parameters).map((param): [string, null] => [param, null]);
        isMade(await post(Object.fromEntries(nulls)));
      },
    },
    {
      name: `${id}: what asks for nothing is taken by every model`,
      run: async () => isMade(await post({ n: 1, style: 'auto', seed: -1, stream: false, quality: 'auto' })),
    },
    {
      name: `${id}: lenient handling makes what strict handling refuses, and says what it changed`,
      async run() {
        const answer = await post({ no_such_field: 1 }, { prefer: 'handling=lenient' });
        isMade(answer);
        assert.match(answer.headers.get('preference-applied') ?? '', /handling=lenient/);
        const warnings = answer.at('warnings') as { param: string }[];
        assert.ok(
          warnings.some(({ param }) => param === 'no_such_field'),
          answer.text.slice(0, 300),
        );
      },
    },
    {
      name: `${id}: the same Idempotency-Key makes the images once`,
      async run() {
        const headers = { 'idempotency-key': `conformance ${crypto.randomUUID()}` };
        const first = await post({}, headers);
        isMade(first);
        const again = await post({}, headers);
        assert.equal(again.headers.get('idempotency-replayed'), 'true');
        assert.equal(again.at('id'), first.at('id'));
        isRefusal(await post({ prompt: 'another' }, headers), {
          status: 400,
          reason: 'idempotency_key_reused',
        });
      },
    },
    {
      name: `${id}: respond-async answers at once, and the record tells the end`,
      async run() {
        const answer = await post({}, { prefer: 'respond-async' });
        assert.equal(answer.status, 202, answer.text.slice(0, 200));
        assert.match(answer.headers.get('preference-applied') ?? '', /respond-async/);
        const place = answer.headers.get('location') ?? '';
        assert.equal(new URL(place, easel.origin).pathname, `/v1/images/${String(answer.at('id'))}`);
        for (let tries = 0; tries < 600; tries += 1) {
          const record = await easel.ask('GET', `/v1/images/${String(answer.at('id'))}`);
          if (record.at('status') === 'completed') return;
          assert.equal(record.at('status'), 'in_progress', record.text.slice(0, 300));
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        assert.fail('still in progress after two minutes');
      },
    },
  ];
}

function show(value: unknown): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}
