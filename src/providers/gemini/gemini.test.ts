import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inputOf, refusalOf, requestOf } from '../../../test/kit/provider-calls.ts';
import { UpstreamFault } from '../../core/fault.ts';
import type { CallResult } from '../../core/image-result.ts';
import type { ObjectDraft } from '../../core/object-store.ts';
import { faults, finishReasons, readFault } from './faults.ts';
import { gemini } from './index.ts';
import { readResult } from './reply.ts';
import { pathOf, toBody } from './request.ts';

const model = 'nano-banana-pro';
const bytes = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);

/** A draft told apart by its number; the reader only hands it on. */
function draft(number: number): ObjectDraft {
  return {
    bytes: number,
    write: () => Promise.resolve(),
    end: () => Promise.resolve(),
    readAt: () => Promise.resolve(new Uint8Array()),
    publish: () => Promise.reject(new Error('not published here')),
    discard: () => Promise.resolve(),
  };
}

const drafts = [draft(0), draft(1), draft(2)];
const picture = (held: number): unknown => ({
  inlineData: { mimeType: 'image/jpeg', data: { held } },
  thoughtSignature: 'Eq4C',
});
const thought = (held: number): unknown => ({ ...Object(picture(held)), thought: true });

function read(body: unknown, promptOnly = true): CallResult {
  return readResult({ status: 200, headers: {}, body, held: drafts }, promptOnly);
}

function candidate(
  parts: unknown,
  finishReason: string | undefined = 'STOP',
  finishMessage?: string,
): unknown {
  return { candidates: [{ content: parts === undefined ? {} : { parts }, finishReason, finishMessage }] };
}

function chosen(body: unknown): number | undefined {
  const [image] = read(body).images;
  return image?.kind === 'held' ? image.draft.bytes : undefined;
}

function faultOf(body: unknown, promptOnly = true): UpstreamFault {
  try {
    read(body, promptOnly);
  } catch (thrown) {
    assert.ok(thrown instanceof UpstreamFault, String(thrown));
    return thrown;
  }
  throw new assert.AssertionError({ message: 'taken for a result' });
}

function refusal(status: string, message = 'm', details?: unknown): unknown {
  return { error: { code: 400, status, message, details } };
}

test('a plain prompt asks for one picture of the default tier', () => {
  assert.deepEqual(toBody(requestOf({ model })), {
    contents: [{ role: 'user', parts: [{ text: 'A paper boat on a rain gutter' }] }],
    generationConfig: { responseModalities: ['IMAGE'], imageConfig: { imageSize: '1K' } },
  });
});

test('shape, seed and inputs go where the upstream has them, never as pixels', () => {
  const body = toBody(
    requestOf({
      model,
      seed: 7,
      inputs: [inputOf(bytes), inputOf(bytes, 'heic', 1)],
      shape: { tier: '2K', ratio: '16:9', pixels: { width: 2752, height: 1536 } },
    }),
  );
  assert.deepEqual(body, {
    contents: [
      {
        role: 'user',
        parts: [
          { text: 'A paper boat on a rain gutter' },
          { inlineData: { mimeType: 'image/png', data: 'iVBORw==' } },
          { inlineData: { mimeType: 'image/heic', data: 'iVBORw==' } },
        ],
      },
    ],
    generationConfig: {
      responseModalities: ['IMAGE'],
      imageConfig: { aspectRatio: '16:9', imageSize: '2K' },
      seed: 7,
    },
  });
});

test('the version is v1beta unless the base URL names one', () => {
  const path = '/models/gemini-3-pro-image:generateContent';
  assert.equal(pathOf('https://generativelanguage.googleapis.com', 'gemini-3-pro-image'), `/v1beta${path}`);
  assert.equal(pathOf('https://proxy.example.test/google/v1', 'gemini-3-pro-image'), path);
  assert.equal(pathOf('https://proxy.example.test/google/v1alpha', 'gemini-3-pro-image'), path);
});

test('the key goes into its header, not into the address', async () => {
  const exchange = { method: 'POST', url: 'https://x.test/', body: '', nowMs: 0 };
  assert.deepEqual(await gemini.authorize({ kind: 'key', apiKey: 'k' }, exchange), { 'x-goog-api-key': 'k' });
});

test('the last picture that is no thought is the result', () => {
  assert.equal(chosen(candidate([picture(0)])), 0);
  assert.equal(chosen(candidate([thought(0), { text: 'Here it is' }, picture(1)])), 1);
  assert.equal(chosen(candidate([picture(0), picture(1), { text: 'caption' }])), 1);
  assert.equal(chosen(candidate([picture(0), thought(1)])), 0);
});

test('a flagged draft is taken only when there is nothing else', () => {
  assert.equal(chosen(candidate([thought(0), thought(1), { text: 'sorry' }])), 1);
});

test('a picture that a relay has put into a text is found, unless there is a plain one', () => {
  const uri = `data:image/jpeg;base64,${'/9j4'.repeat(20)}`;
  const plain = { inlineData: { data: { held: 1 } } };
  const flagged = { ...plain, thought: true };
  for (const [parts, expected] of [
    [[{ text: uri }], uri],
    [[{ text: 'Here it is:' }, { text: `![image](${uri}) as you wished` }], uri],
    [[flagged, { text: uri }], uri],
    [[plain, { text: uri }], undefined],
    [[flagged, { text: uri, thought: true }], undefined],
  ] as const) {
    const [image] = read(candidate(parts)).images;
    assert.equal(image?.kind === 'link' ? image.url : undefined, expected);
  }
  assert.equal(faultOf(candidate([{ text: uri }], 'IMAGE_SAFETY')).kind, 'content');
  assert.equal(faultOf(candidate([{ text: 'data:image/png;base64, is how it begins' }])).kind, 'bad_reply');
});

test('a picture cut short by the output cap is still delivered: it was paid for', () => {
  assert.equal(chosen(candidate([picture(0)], 'MAX_TOKENS')), 0);
});

test('usage counts thinking and drafts as output', () => {
  const result = read({
    ...Object(candidate([picture(0)])),
    usageMetadata: {
      promptTokenCount: 41,
      candidatesTokenCount: 1248,
      thoughtsTokenCount: 167,
      totalTokenCount: 1456,
    },
    modelVersion: 'gemini-3-pro-image',
    responseId: 'kQ1x',
  });
  assert.deepEqual(result.usage, { inputTokens: 41, outputTokens: 1415, totalTokens: 1456 });
  assert.equal(result.model, 'gemini-3-pro-image');
  assert.equal(result.upstreamId, 'kQ1x');
});

test('every finish reason on HTTP 200 has its meaning, with content missing at any level', () => {
  const content = Object.keys(finishReasons).filter((reason) => finishReasons[reason] === 'content');
  assert.deepEqual(content.toSorted(), [
    'BLOCKLIST',
    'IMAGE_PROHIBITED_CONTENT',
    'IMAGE_RECITATION',
    'IMAGE_SAFETY',
    'PROHIBITED_CONTENT',
    'RECITATION',
    'SAFETY',
    'SPII',
  ]);
  for (const reason of [...Object.keys(finishReasons), 'LANGUAGE', 'MALFORMED_RESPONSE', 'BRAND_NEW']) {
    for (const parts of [undefined, null, [], [{ text: 'no picture' }]]) {
      const fault = faultOf(candidate(parts, reason));
      assert.equal(fault.kind, content.includes(reason) ? 'content' : 'bad_reply', reason);
      assert.equal(fault.row.resend, 'never');
    }
  }
  assert.equal(faultOf({}).kind, 'bad_reply');
  assert.equal(faultOf({ candidates: [] }).kind, 'bad_reply');
});

test('a withheld picture is a refusal even when drafts came with it', () => {
  assert.equal(faultOf(candidate([picture(0)], 'IMAGE_SAFETY')).kind, 'content');
});

test("an answer without a picture is free only by the upstream's own word", () => {
  const said = 'Unable to show the generated image. You will not be charged for this request.';
  assert.equal(faultOf(candidate(undefined, 'IMAGE_OTHER', said)).kind, 'failed');
  assert.equal(faultOf(candidate(undefined, 'NO_IMAGE')).row.free, false);
  assert.match(faultOf(candidate(undefined, 'NO_IMAGE')).facts.message ?? '', /without an image/);
});

test('a blocked prompt is named as the prompt where there is nothing else to blame', () => {
  for (const blockReason of ['SAFETY', 'OTHER', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'IMAGE_SAFETY', 'NEW']) {
    const body = { promptFeedback: { blockReason }, usageMetadata: { promptTokenCount: 30 } };
    assert.equal(faultOf(body).kind, 'content');
    assert.equal(faultOf(body).facts.param, 'prompt');
    assert.equal(faultOf(body, false).facts.param, undefined);
  }
});

test('every documented status has its meaning', () => {
  const expected = {
    INVALID_ARGUMENT: 'parameter',
    FAILED_PRECONDITION: 'billing',
    UNAUTHENTICATED: 'auth',
    PERMISSION_DENIED: 'auth',
    NOT_FOUND: 'misconfigured',
    RESOURCE_EXHAUSTED: 'throttled',
    INTERNAL: 'unknown',
    UNAVAILABLE: 'overloaded',
    DEADLINE_EXCEEDED: 'unknown',
  };
  assert.deepEqual(Object.keys(expected), Object.keys(faults));
  for (const [status, kind] of Object.entries(expected)) {
    assert.equal(readFault(refusalOf(400, refusal(status))).kind, kind);
  }
  assert.equal(readFault(refusalOf(503, undefined)).kind, 'unknown');
  assert.equal(readFault(refusalOf(500, undefined)).kind, 'unknown');
});

test('a bad key is a 400 upstream and still a refused credential', () => {
  const details = [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
    },
    { '@type': 'type.googleapis.com/google.rpc.LocalizedMessage', message: 'API key not valid.' },
  ];
  assert.equal(
    readFault(refusalOf(400, refusal('INVALID_ARGUMENT', 'API key not valid.', details))).kind,
    'auth',
  );
});

function exhausted(
  quotaId: string,
  text = 'You exceeded your current quota… Please retry in 33.4s.',
): UpstreamFault {
  const details = [
    { '@type': 'type.googleapis.com/google.rpc.Help', links: [{ description: 'd', url: 'https://x.test' }] },
    { '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId, quotaValue: '20' }] },
    { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.5s' },
  ];
  return readFault(refusalOf(429, refusal('RESOURCE_EXHAUSTED', text, details)));
}

test('throttling carries the wait from the body', () => {
  const fault = exhausted('GenerateRequestsPerMinutePerProjectPerModel');
  assert.equal(fault.kind, 'throttled');
  assert.equal(fault.facts.waitMs, 1500);
  const bare = readFault(refusalOf(429, refusal('RESOURCE_EXHAUSTED', 'Please retry in 33.4s.')));
  assert.equal(bare.facts.waitMs, 33_400);
  assert.equal(readFault(refusalOf(429, undefined)).kind, 'throttled');
});

test('a limit per day or of zero is not waited out, whatever wait stands beside it', () => {
  assert.equal(exhausted('GenerateRequestsPerDayPerProjectPerModel').kind, 'quota');
  assert.equal(exhausted('PerMinute', 'Quota exceeded, limit: 0, model: x').kind, 'quota');
  assert.equal(exhausted('PerMinute', 'Quota exceeded, limit: 05').kind, 'throttled');
});

test('refused fields are named as the caller knows them', () => {
  const messages = {
    "Invalid value at 'contents[0].parts[2].inline_data.data'": 'reference_images[1]',
    'Invalid value at generation_config.image_config.aspect_ratio': 'ratio',
    'imageSize 1k is not supported': 'size',
    'Unknown name "x"': undefined,
  };
  for (const [message, param] of Object.entries(messages)) {
    assert.equal(readFault(refusalOf(400, refusal('INVALID_ARGUMENT', message))).facts.param, param, message);
  }
});
