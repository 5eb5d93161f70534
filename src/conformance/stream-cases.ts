import assert from 'node:assert/strict';
import { isRefusal, type Answer, type Deployment, type ModelCard } from './deployment.ts';
import { pictureUrl } from './picture.ts';
import type { Case } from './run-cases.ts';

/** Creates that are followed as they come (public-api.md section 4.7). */

const generations = '/v1/images/generations';
const edits = '/v1/images/edits';
const prompt = 'conformance: a kite';

/** A comment comes every 10 s; a proxy gives up somewhat later. */
const longestSilenceMs = 20_000;

type Post = (body: object, headers?: Record<string, string>) => Promise<Answer>;

/** What is no stream, by whatever model: an ordinary JSON error. Nothing of it is made. */
export function streamRefusals({ id, parameters }: ModelCard, post: Post): Case[] {
  const wrong: [string, object, Record<string, string>, string][] = [
    ['a word', { stream: 'true' }, {}, 'stream'],
    ['a number', { stream: 1 }, {}, 'stream'],
    ['respond-async beside it', { stream: true }, { prefer: 'respond-async' }, 'stream'],
    ['too many images', { stream: true, n: 1_000_000 }, {}, 'n'],
    ['a field that nobody knows', { stream: true, no_such_field: 1 }, {}, 'no_such_field'],
    ['previews and no stream', { partial_images: 2 }, {}, 'partial_images'],
  ];
  if (!('partial_images' in parameters))
    wrong.push([
      'previews that the model has not',
      { stream: true, partial_images: 2 },
      {},
      'partial_images',
    ]);
  return wrong.map(([what, body, headers, param]) => ({
    name: `${id}: a stream with ${what} is refused as JSON before it begins`,
    async run() {
      const reason = ['invalid_type', 'invalid_value', 'unknown_parameter', 'unsupported_parameter'];
      isRefusal(await post(body, headers), { status: 400, reason, param });
    },
  }));
}

/** Streams of a model that may make images. */
export function streamedCases(easel: Deployment, card: ModelCard): Case[] {
  const { id: model, parameters, input_images: inputs } = card;
  const [most = 1] = [parameters['n']?.maximum];
  const n = Math.min(2, most);
  const previews = parameters['partial_images']?.maximum;
  return [
    {
      name: `${model}: a stream tells of each of ${n} images once, and its parts sum up to the record's usage`,
      async run() {
        const seen = await follow(easel, generations, { model, prompt, n, stream: true });
        const made = isStream(seen, 'image_generation');
        assert.deepEqual(
          made.map(({ index }) => index).toSorted((a, b) => Number(a) - Number(b)),
          Array.from({ length: n }, (_, index) => index),
        );
        for (const data of made) {
          assert.ok(Buffer.from(String(data['b64_json']), 'base64').length > 0, 'it comes as base64');
          assert.equal(data['url'], undefined);
        }
        const record = await easel.ask('GET', `/v1/images/${seen.id}`);
        assert.equal(record.at('status'), 'completed');
        for (const count of ['generated_images', 'output_tokens', 'total_tokens']) {
          const parts = made.map(({ usage }) => Number(Object(usage)[count]));
          assert.equal(
            parts.reduce((a, b) => a + b, 0),
            record.at(`usage.${count}`),
            count,
          );
        }
      },
    },
    {
      name: `${model}: a stream gives links where they are asked for`,
      async run() {
        const seen = await follow(easel, generations, {
          model,
          prompt,
          stream: true,
          response_format: 'url',
        });
        const [data] = isStream(seen, 'image_generation');
        assert.equal(data?.['b64_json'], undefined);
        assert.match(String(data?.['url']), /^https?:.*\/v1\/files\/img_/);
      },
    },
    ...(previews === undefined
      ? []
      : [
          {
            name: `${model}: ${previews} previews at most come before the image`,
            async run() {
              const body = { model, prompt, stream: true, partial_images: previews };
              const seen = await follow(easel, generations, body);
              isStream(seen, 'image_generation');
              const shown = seen.events.filter(({ name }) => name === 'image_generation.partial_image');
              assert.ok(shown.length <= previews, `${shown.length} previews`);
              for (const [place, { data }] of shown.entries())
                assert.equal(data['partial_image_index'], place);
            },
          },
        ]),
    ...(inputs.max === 0
      ? []
      : [
          {
            name: `${model}: a streamed edit as JSON has names of its own for its events`,
            async run() {
              const images = [{ image_url: pictureUrl() }];
              isStream(await follow(easel, edits, { model, prompt, images, stream: true }), 'image_edit');
            },
          },
          {
            name: `${model}: a streamed edit as a form has them too`,
            async run() {
              const form = new FormData();
              for (const [name, value] of Object.entries({ model, prompt, stream: 'true' }))
                form.append(name, value);
              const bytes = Buffer.from(pictureUrl().split(',', 2)[1] ?? '', 'base64');
              form.append('image', new File([bytes], 'blob', { type: 'application/octet-stream' }));
              isStream(await follow(easel, edits, form), 'image_edit');
            },
          },
        ]),
  ];
}

interface Followed {
  status: number;
  headers: Headers;
  text: string;
  /** Of the record. */
  id: string;
  events: { name: string; data: Record<string, unknown> }[];
  silenceMs: number;
}

async function follow(easel: Deployment, path: string, body: object): Promise<Followed> {
  const isForm = body instanceof FormData;
  const response = await fetch(`${easel.origin}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${easel.key}`,
      ...(isForm ? {} : { 'content-type': 'application/json' }),
    },
    body: isForm ? body : JSON.stringify(body),
  });
  const id = response.headers.get('x-image-id') ?? '';
  if (id !== '') easel.made.add(id);
  let text = '';
  let silenceMs = 0;
  let heardAt = performance.now();
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    silenceMs = Math.max(silenceMs, performance.now() - heardAt);
    heardAt = performance.now();
    text += chunk;
  }
  const { status, headers } = response;
  return { status, headers, text, id, events: status === 200 ? eventsIn(text) : [], silenceMs };
}

function eventsIn(text: string): Followed['events'] {
  const blocks = text.split('\n\n');
  assert.equal(blocks.pop(), '', 'the stream ends within an event');
  return blocks.flatMap((block) => {
    const lines = block.split('\n').filter((line) => !line.startsWith(':'));
    if (lines.length === 0) return [];
    const [event = '', data = '', ...others] = lines;
    assert.deepEqual([event.slice(0, 7), data.slice(0, 6), others], ['event: ', 'data: ', []]);
    return [{ name: event.slice(7), data: JSON.parse(data.slice(6)) as Record<string, unknown> }];
  });
}

/** The data of the finished images of a stream in which nothing failed. */
function isStream(seen: Followed, prefix: string): Record<string, unknown>[] {
  const { status, headers, text, events, silenceMs } = seen;
  const shown = `got ${status} ${text.replaceAll(/[A-Za-z0-9+/]{100,}/g, '...').slice(0, 300)}`;
  assert.equal(status, 200, shown);
  assert.match(headers.get('content-type') ?? '', /^text\/event-stream\b/, shown);
  assert.match(headers.get('x-request-id') ?? '', /^req_/, shown);
  assert.match(seen.id, /^img_/, 'X-Image-Id is there before the images are');
  assert.ok(
    silenceMs < longestSilenceMs,
    `nothing came for ${Math.round(silenceMs / 1000)} s, not even a comment`,
  );
  for (const { name, data } of events) {
    assert.equal(data['type'], name, shown);
    assert.ok(name === `${prefix}.completed` || name === `${prefix}.partial_image`, shown);
    assert.ok(Number.isInteger(data['index']) && Number.isInteger(data['created_at']), shown);
    assert.match(String(data['size']), /^\d+x\d+$/, shown);
    for (const field of ['quality', 'background', 'output_format'])
      assert.equal(typeof data[field], 'string', `${field}: ${shown}`);
  }
  const made = events.filter(({ name }) => name === `${prefix}.completed`).map(({ data }) => data);
  assert.ok(made.length > 0, shown);
  assert.match(events.at(-1)?.name ?? '', /\.completed$/, shown);
  return made;
}
