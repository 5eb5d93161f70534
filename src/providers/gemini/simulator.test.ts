import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';

import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { ApiError, GoogleGenAI } from '@google/genai';
import { APICallError, NoImageGeneratedError, generateImage, generateText } from 'ai';
import { imageSize } from 'image-size';
import sharp from 'sharp';

import { fastDraw } from '../../../test/kit/fast-draw.ts';
import type { Simulator, SimulatorOptions } from '../../sandbox/kit.ts';
import { promptTriggers, startGeminiSimulator } from './simulator.ts';

const pro = 'gemini-3-pro-image';

async function start(t: TestContext, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await startGeminiSimulator({ draw: fastDraw, delayMs: 0, ...options });
  t.after(() => simulator.close());
  return simulator;
}

interface Answer {
  status: number;
  // The simulator's replies are read the way a curious caller would: by path, without a schema.
  json: Body;
}
type Body = {
  candidates?: {
    content: { role?: string; parts?: Part[] | null };
    finishReason?: string;
    finishMessage?: string;
  }[];
  promptFeedback?: { blockReason: string };
  usageMetadata?: Record<string, unknown>;
  modelVersion?: string;
  error?: { code: number; status: string; message: string; details?: Record<string, unknown>[] };
};
type Part = {
  text?: string;
  thought?: boolean;
  thoughtSignature?: string;
  inlineData?: { mimeType: string; data: string };
};

async function generate(
  simulator: Simulator,
  prompt: string,
  options: { config?: object; model?: string; inputs?: Uint8Array[]; method?: string } = {},
): Promise<Answer> {
  const parts = [
    { text: prompt },
    ...(options.inputs ?? []).map((bytes) => ({
      inlineData: { mimeType: 'image/png', data: Buffer.from(bytes).toString('base64') },
    })),
  ];
  const path = `/v1beta/models/${options.model ?? pro}:${options.method ?? 'generateContent'}`;
  const response = await fetch(simulator.baseUrl + path, {
    method: 'POST',
    headers: { 'x-goog-api-key': simulator.credential.apiKey, 'content-type': 'application/json' },
    body: JSON.stringify({
      contents: [{ parts }],
      ...(options.config === undefined ? {} : { generationConfig: options.config }),
    }),
  });
  return { status: response.status, json: (await response.json()) as Body };
}

const partsOf = ({ json }: Answer): Part[] => json.candidates?.[0]?.content.parts ?? [];
const imagesOf = (answer: Answer): Buffer[] =>
  partsOf(answer).flatMap((part) => (part.inlineData ? [Buffer.from(part.inlineData.data, 'base64')] : []));
const picture = (width: number, height: number): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: 'red' } })
    .png()
    .toBuffer();

test('a plain prompt gives one signed JPEG of 1024x1024 under the model that served it', async (t) => {
  const simulator = await start(t);
  const answer = await generate(simulator, 'a fox');
  assert.equal(answer.status, 200);
  assert.equal(answer.json.candidates?.[0]?.finishReason, 'STOP');
  assert.equal(answer.json.modelVersion, pro);
  const [part, ...others] = partsOf(answer);
  assert.deepEqual(others, []);
  assert.equal(part?.inlineData?.mimeType, 'image/jpeg');
  assert.match(part?.thoughtSignature ?? '', /^[A-Za-z0-9+/]{100,}=*$/);
  const [bytes] = imagesOf(answer);
  assert.ok(bytes);
  const { type, width, height } = imageSize(bytes);
  assert.deepEqual({ type, width, height }, { type: 'jpg', width: 1024, height: 1024 });
  await sharp(bytes, { failOn: 'warning' }).stats(); // the added segments leave it decodable
});

test('ratio and tier decide the pixels by the published table', async (t) => {
  const simulator = await start(t);
  const cases: [model: string, ratio: string, tier: string | undefined, pixels: string][] = [
    [pro, '16:9', '1K', '1376x768'],
    [pro, '21:9', '2K', '3168x1344'],
    [pro, '4:5', '4K', '3712x4608'],
    ['gemini-3.1-flash-image', '1:8', '512', '192x1536'],
    ['gemini-3.1-flash-image', '21:9', '512', '792x168'],
    ['gemini-2.5-flash-image', '3:4', undefined, '864x1184'],
  ];
  for (const [model, aspectRatio, imageSizeName, pixels] of cases) {
    const config = {
      imageConfig: { aspectRatio, ...(imageSizeName === undefined ? {} : { imageSize: imageSizeName }) },
    };
    const [bytes] = imagesOf(await generate(simulator, 'a fox', { model, config }));
    assert.ok(bytes);
    const { width, height, type } = imageSize(bytes);
    assert.equal(`${width}x${height}`, pixels);
    assert.equal(type, model.startsWith('gemini-2.5') ? 'png' : 'jpg');
  }
});

test('without a ratio the shape follows the first input picture', async (t) => {
  const simulator = await start(t);
  const inputs = [await picture(160, 90), await picture(90, 160)];
  const answer = await generate(simulator, 'put the first on the second', { inputs });
  const [bytes] = imagesOf(answer);
  assert.ok(bytes);
  assert.equal(imageSize(bytes).width, 1376);
  assert.equal(answer.json.usageMetadata?.['promptTokenCount'], 7 + 2 * 258);
});

test('a seed repeats the picture, and without one every picture differs', async (t) => {
  const simulator = await start(t);
  const bytes = async (config?: object): Promise<string> =>
    createHash('sha256')
      .update(imagesOf(await generate(simulator, 'a fox', config ? { config } : {}))[0] ?? '')
      .digest('hex');
  assert.equal(await bytes({ seed: 7 }), await bytes({ seed: 7 }));
  assert.notEqual(await bytes({ seed: 7 }), await bytes({ seed: -8 }));
  assert.notEqual(await bytes(), await bytes());
});

test('usage adds up as measured: prompt, images with unlabelled tokens, thoughts', async (t) => {
  const simulator = await start(t);
  const answer = await generate(simulator, 'a fox sim:unflagged-draft', {
    config: { imageConfig: { imageSize: '4K' } },
  });
  const usage = answer.json.usageMetadata as {
    promptTokenCount: number;
    candidatesTokenCount: number;
    thoughtsTokenCount: number;
    totalTokenCount: number;
  };
  assert.deepEqual(answer.json.usageMetadata?.['candidatesTokensDetails'], [
    { modality: 'IMAGE', tokenCount: 2 * 2000 },
  ]);
  const unlabelled = usage.candidatesTokenCount - 4000;
  assert.ok(unlabelled >= 90 && unlabelled <= 650, `${unlabelled}`);
  assert.ok(usage.thoughtsTokenCount >= 50 && usage.thoughtsTokenCount <= 400);
  assert.equal(
    usage.totalTokenCount,
    usage.promptTokenCount + usage.candidatesTokenCount + usage.thoughtsTokenCount,
  );
});

test('the ledger has each image charged, drafts too, with the bytes that were delivered', async (t) => {
  const simulator = await start(t);
  const answer = await generate(simulator, 'a fox sim:flagged-draft sim:unflagged-draft sim:trailing-text');
  const parts = partsOf(answer);
  assert.deepEqual(
    parts.map((part) => [
      part.thought ?? false,
      part.thoughtSignature !== undefined,
      part.text !== undefined,
    ]),
    [
      [true, false, false],
      [false, true, false],
      [false, true, false],
      [false, false, true],
    ],
  );
  const delivered = imagesOf(answer).map((bytes) => createHash('sha256').update(bytes).digest('hex'));
  assert.equal(new Set(delivered).size, 3);
  assert.deepEqual(
    simulator.control.ledger().map((entry) => [entry.index, entry.sha256, entry.amount]),
    delivered.map((sha256, index) => [index, sha256, '1120']),
  );
});

test('the image can come as a data URI inside a text part', async (t) => {
  const simulator = await start(t);
  const [part] = partsOf(await generate(simulator, 'a fox sim:data-uri-text'));
  assert.match(part?.text ?? '', /^data:image\/jpeg;base64,\/9j\//);
});

test('thought text comes when it is asked for', async (t) => {
  const simulator = await start(t);
  const answer = await generate(simulator, 'a fox', {
    config: { thinkingConfig: { includeThoughts: true } },
  });
  assert.equal(partsOf(answer)[0]?.thought, true);
  assert.ok(partsOf(answer)[0]?.text);
});

test('a refusal is HTTP 200 without an image, and its candidate tokens mirror the thoughts', async (t) => {
  const simulator = await start(t);
  const answer = await generate(simulator, 'a fox sim:image-safety');
  assert.equal(answer.status, 200);
  const [candidate] = answer.json.candidates ?? [];
  assert.deepEqual(candidate?.content, {});
  assert.equal(candidate?.finishReason, 'IMAGE_SAFETY');
  assert.match(candidate?.finishMessage ?? '', /^Unable to show the generated image/);
  const usage = answer.json.usageMetadata;
  assert.equal(usage?.['candidatesTokenCount'], usage?.['thoughtsTokenCount']);
  assert.equal(
    usage?.['totalTokenCount'],
    Number(usage?.['promptTokenCount']) + Number(usage?.['thoughtsTokenCount']),
  );
  assert.deepEqual(simulator.control.ledger(), []);
});

test('parts can be null', async (t) => {
  const simulator = await start(t);
  const answer = await generate(simulator, 'a fox sim:null-parts');
  assert.equal(answer.json.candidates?.[0]?.content.parts, null);
  assert.equal(answer.json.candidates?.[0]?.finishReason, 'STOP');
});

test('a blocked prompt has promptFeedback and no candidates', async (t) => {
  const simulator = await start(t);
  const { status, json } = await generate(simulator, 'a fox sim:blocked-safety');
  assert.equal(status, 200);
  assert.deepEqual(json.promptFeedback, { blockReason: 'SAFETY' });
  assert.equal(json.candidates, undefined);
  assert.equal(json.usageMetadata?.['totalTokenCount'], json.usageMetadata?.['promptTokenCount']);
});

test('a low maxOutputTokens ends in MAX_TOKENS without an image or a charge', async (t) => {
  const simulator = await start(t);
  const answer = await generate(simulator, 'a fox', { config: { maxOutputTokens: 1000 } });
  assert.equal(answer.json.candidates?.[0]?.finishReason, 'MAX_TOKENS');
  assert.deepEqual(simulator.control.ledger(), []);
});

test('every trigger word changes the answer, and none of them breaks the simulator', async (t) => {
  const simulator = await start(t);
  const plain = JSON.stringify((await generate(simulator, 'a fox', { config: { seed: 1 } })).json.candidates);
  for (const name of Object.keys(promptTriggers).filter((each) => each !== 'stream-error')) {
    const answer = await generate(simulator, `a fox sim:${name}`, { config: { seed: 1 } });
    assert.notEqual(JSON.stringify(answer.json.candidates), plain, name);
    assert.equal(answer.status, answer.json.error?.code ?? 200, name);
  }
});

interface QuotaDetail {
  '@type': string;
  retryDelay?: string;
  violations?: { quotaId: string }[];
}

function detailOf(error: NonNullable<Body['error']>, name: string): QuotaDetail | undefined {
  const details = (error.details ?? []) as unknown as QuotaDetail[];
  return details.find((each) => each['@type'] === `type.googleapis.com/google.rpc.${name}`);
}

test('429 tells the wait in its body where it is worth waiting', async (t) => {
  const simulator = await start(t);
  const of = async (name: string): Promise<NonNullable<Body['error']>> => {
    simulator.control.inject({ on: 'submit', kind: 'status', error: name });
    const answer = await generate(simulator, 'a fox');
    assert.equal(answer.status, 429);
    assert.ok(answer.json.error);
    assert.equal(answer.json.error.status, 'RESOURCE_EXHAUSTED');
    return answer.json.error;
  };

  const throttled = await of('throttled');
  assert.match(detailOf(throttled, 'QuotaFailure')?.violations?.[0]?.quotaId ?? '', /PerMinute/);
  assert.equal(detailOf(throttled, 'RetryInfo')?.retryDelay, '1.5s');
  assert.equal((await of('throttled-bare')).details, undefined);
  const quota = await of('quota');
  assert.match(detailOf(quota, 'QuotaFailure')?.violations?.[0]?.quotaId ?? '', /PerDay/);
  assert.equal(detailOf(quota, 'RetryInfo')?.retryDelay, '1.5s');
  assert.match((await of('limit-zero')).message, /limit: 0\b/);
  assert.deepEqual(simulator.control.ledger(), []);
});

test('500, 503 and 504 come by name, once', async (t) => {
  const simulator = await start(t);
  for (const [error, status, name] of [
    ['internal', 500, 'INTERNAL'],
    ['overloaded', 503, 'UNAVAILABLE'],
    ['deadline', 504, 'DEADLINE_EXCEEDED'],
  ] as const) {
    simulator.control.inject({ on: 'submit', kind: 'status', error });
    const answer = await generate(simulator, 'a fox');
    assert.equal(answer.status, status);
    assert.equal(answer.json.error?.status, name);
  }
  assert.equal((await generate(simulator, 'a fox')).status, 200);
});

test('injected moderation and partial failure become Gemini refusals', async (t) => {
  const simulator = await start(t);
  simulator.control.inject({ on: 'submit', kind: 'moderation' });
  simulator.control.inject({ on: 'submit', kind: 'moderation', stage: 'output' });
  simulator.control.inject({ on: 'submit', kind: 'partial', indexes: [0] });
  simulator.control.inject({ on: 'submit', kind: 'variant', name: 'no-image' });
  assert.ok((await generate(simulator, 'a fox')).json.promptFeedback);
  for (const reason of ['IMAGE_SAFETY', 'IMAGE_SAFETY', 'NO_IMAGE']) {
    assert.equal((await generate(simulator, 'a fox')).json.candidates?.[0]?.finishReason, reason);
  }
  assert.equal(partsOf(await generate(simulator, 'a fox')).length, 1);
});

test('an image whose answer is cut off is charged all the same', async (t) => {
  const simulator = await start(t);
  simulator.control.inject({ on: 'submit', kind: 'cut-after' });
  await assert.rejects(generate(simulator, 'a fox'));
  assert.equal(simulator.control.ledger().length, 1);
});

test('more requests in a minute than the capacity are throttled until the minute has passed', async (t) => {
  let now = 1_000_000;
  const simulator = await start(t, { capacity: 1, now: () => now });
  assert.equal((await generate(simulator, 'a fox')).status, 200);
  now += 20_000;
  const answer = await generate(simulator, 'a fox');
  assert.equal(answer.status, 429);
  assert.match(answer.json.error?.message ?? '', /Please retry in 40s\.$/);
  now += 40_001;
  assert.equal((await generate(simulator, 'a fox')).status, 200);
});

test('a stream is server-sent events with alt=sse and one JSON array without', async (t) => {
  const simulator = await start(t);
  const stream = async (query: string): Promise<Response> =>
    fetch(
      `${simulator.baseUrl}/v1/models/${pro}:streamGenerateContent?key=${simulator.credential.apiKey}${query}`,
      {
        method: 'POST',
        body: JSON.stringify({ contents: [{ parts: [{ text: 'a fox' }] }] }),
      },
    );
  const events = await stream('&alt=sse');
  assert.equal(events.headers.get('content-type'), 'text/event-stream');
  const text = await events.text();
  assert.doesNotMatch(text, /^event:|\[DONE\]/m);
  const chunks = text
    .split('\r\n\r\n')
    .slice(0, -1)
    .map((block) => JSON.parse(block.replace(/^data: /, '')) as Body);
  const array = (await (await stream('')).json()) as Body[];
  for (const each of [chunks, array]) {
    assert.equal(each.length, 3);
    assert.equal(each[0]?.candidates?.[0]?.content.parts?.[0]?.thought, true);
    assert.ok(each[1]?.candidates?.[0]?.content.parts?.[0]?.inlineData);
    assert.equal(each[1]?.candidates?.[0]?.finishReason, undefined);
    assert.equal(each[2]?.candidates?.[0]?.finishReason, 'STOP');
    assert.ok(each[2]?.usageMetadata?.['candidatesTokensDetails']);
  }
  assert.equal(simulator.control.ledger().length, 2);
});

test('@google/genai generates, streams, counts, lists and reports errors', async (t) => {
  const simulator = await start(t);
  const client = new GoogleGenAI({
    apiKey: simulator.credential.apiKey,
    httpOptions: { baseUrl: simulator.baseUrl },
  });
  const config = { responseModalities: ['IMAGE'], imageConfig: { aspectRatio: '9:16', imageSize: '2K' } };
  const response = await client.models.generateContent({ model: pro, contents: 'a fox', config });
  const [part] = response.candidates?.[0]?.content?.parts ?? [];
  const bytes = Buffer.from(part?.inlineData?.data ?? '', 'base64');
  assert.deepEqual([imageSize(bytes).width, imageSize(bytes).height], [1536, 2752]);
  assert.match(simulator.control.requests().at(-1)?.path ?? '', /^\/v1\/models\//);

  let images = 0;
  let finishReason: string | undefined;
  for await (const chunk of await client.models.generateContentStream({ model: pro, contents: 'a fox' })) {
    images += chunk.candidates?.[0]?.content?.parts?.filter((part) => part.inlineData).length ?? 0;
    finishReason = chunk.candidates?.[0]?.finishReason ?? finishReason;
  }
  assert.deepEqual([images, finishReason], [1, 'STOP']);

  assert.equal((await client.models.countTokens({ model: pro, contents: 'a fox' })).totalTokens, 2);
  const names: (string | undefined)[] = [];
  for await (const model of await client.models.list({ config: { pageSize: 2 } })) names.push(model.name);
  assert.ok(names.includes(`models/${pro}`) && names.length > 4);

  const failure = (prompt: string, more = {}): Promise<unknown> =>
    client.models
      .generateContent({ model: pro, contents: prompt, config: more })
      .catch((error: unknown) => error);
  const lowerCase = await failure('a fox', { imageConfig: { imageSize: '1k' } });
  assert.ok(lowerCase instanceof ApiError && lowerCase.status === 400);
  const overloaded = await failure('a fox sim:overloaded');
  assert.ok(overloaded instanceof ApiError && overloaded.status === 503);
  await assert.rejects(async () => {
    const chunks = await client.models.generateContentStream({
      model: pro,
      contents: 'a fox sim:stream-error',
    });
    for await (const chunk of chunks) assert.ok(chunk.candidates);
  }, /INTERNAL/);
});

test('@ai-sdk/google makes images through its image model and through generateText', async (t) => {
  const simulator = await start(t);
  const google = createGoogleGenerativeAI({
    apiKey: simulator.credential.apiKey,
    baseURL: `${simulator.baseUrl}/v1beta`,
  });
  const made = await generateImage({
    model: google.image(pro),
    prompt: 'a fox',
    aspectRatio: '3:2',
    seed: 5,
  });
  assert.equal(made.image.mediaType, 'image/jpeg');
  assert.equal(imageSize(made.image.uint8Array).width, 1264);

  const edited = await generateText({
    model: google(pro),
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'make it blue sim:thought-text sim:trailing-text' },
          { type: 'file', mediaType: 'image/png', data: await picture(40, 60) },
        ],
      },
    ],
    providerOptions: { google: { responseModalities: ['TEXT', 'IMAGE'] } },
  });
  assert.equal(edited.files.length, 1);
  assert.equal(imageSize(edited.files[0]?.uint8Array ?? Buffer.alloc(0)).width, 848);
  assert.match(edited.text, /any changes/);
  assert.equal(edited.usage.totalTokens, edited.usage.raw?.['totalTokenCount']);

  await assert.rejects(
    generateImage({ model: google.image(pro), prompt: 'a fox sim:image-safety' }),
    NoImageGeneratedError,
  );
  await assert.rejects(
    generateText({ model: google(pro), prompt: 'a fox sim:quota', maxRetries: 0 }),
    (error) => APICallError.isInstance(error) && error.statusCode === 429,
  );
});
