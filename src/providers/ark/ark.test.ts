import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf, inputOf, refusalOf, requestOf } from '../../../test/kit/provider-calls.ts';
import { UpstreamFault } from '../../core/fault.ts';
import { makeEventReader } from './events.ts';
import { faults, readFault } from './faults.ts';
import { readResult } from './reply.ts';
import { toBody } from './request.ts';

const bytes = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);
const portrait = { tier: '2K', ratio: '3:4', pixels: { width: 1728, height: 2304 } };

function refusal(code: string, message = 'm'): unknown {
  return { error: { code, message, param: '', type: 'BadRequest' } };
}

function format(model: string, outputFormat?: 'png' | 'jpeg' | 'webp'): unknown {
  return toBody(requestOf({ model, outputFormat }), 'ep-1')['output_format'];
}

function usageOf(usage: unknown): unknown {
  return readResult(answerOf({ data: [{ url: 'https://x.test/' }], usage })).usage;
}

function kindOf(body: unknown): string | undefined {
  try {
    readResult(answerOf(body));
  } catch (thrown) {
    return thrown instanceof UpstreamFault ? thrown.kind : 'other';
  }
  return undefined;
}

function paramOf(code: string, message?: string): string | undefined {
  return readFault(refusalOf(400, refusal(code, message))).facts.param;
}

test('watermark, group and size are said even when nothing was asked', () => {
  assert.deepEqual(toBody(requestOf({ model: 'seedream-4.5', shape: portrait }), 'seedream-4-5-251128'), {
    model: 'seedream-4-5-251128',
    prompt: 'A paper boat on a rain gutter',
    size: '1728x2304',
    sequential_image_generation: 'disabled',
    response_format: 'url',
    watermark: false,
  });
  assert.equal(toBody(requestOf({ model: 'seedream-4.5' }), 'x')['size'], '2K');
});

test('one input is a string, several are an array, both with their lower-case type', () => {
  const one = toBody(requestOf({ model: 'seedream-4.5', inputs: [inputOf(bytes)] }), 'x');
  assert.equal(one['image'], 'data:image/png;base64,iVBORw==');
  const two = toBody(
    requestOf({ model: 'seedream-4.5', inputs: [inputOf(bytes), inputOf(bytes, 'jpeg')] }),
    'x',
  );
  assert.deepEqual(two['image'], ['data:image/png;base64,iVBORw==', 'data:image/jpeg;base64,iVBORw==']);
});

test('a group always says how many it may bring', () => {
  const body = toBody(requestOf({ model: 'seedream-4.0', group: { maxImages: 3 }, watermark: true }), 'x');
  assert.equal(body['sequential_image_generation'], 'auto');
  assert.deepEqual(body['sequential_image_generation_options'], { max_images: 3 });
  assert.equal(body['watermark'], true);
});

test('a seed is passed on', () => {
  assert.equal(toBody(requestOf({ model: 'seedream-4.0', seed: 42 }), 'x')['seed'], 42);
  assert.equal('seed' in toBody(requestOf({ model: 'seedream-4.0' }), 'x'), false);
});

test('the file format is sent to 5.0 lite only, and always', () => {
  assert.deepEqual(
    [undefined, 'png' as const, 'jpeg' as const, 'webp' as const].map((wanted) =>
      format('dola-seedream-5.0-lite', wanted),
    ),
    ['jpeg', 'png', 'jpeg', 'png'],
  );
  assert.equal(format('seedream-4.5', 'png'), undefined);
  assert.equal(format('seedream-4.0', 'png'), undefined);
});

test('fields the card allows reach the body but never replace ours', () => {
  const providerOptions = { optimize_prompt_options: { mode: 'fast' }, watermark: true, model: 'other' };
  const body = toBody(requestOf({ model: 'seedream-4.0', providerOptions }), 'seedream-4-0-250828');
  assert.deepEqual(body['optimize_prompt_options'], { mode: 'fast' });
  assert.equal(body['watermark'], false);
  assert.equal(body['model'], 'seedream-4-0-250828');
});

test('failed images of a group keep their places and are free', () => {
  const result = readResult(
    answerOf(
      {
        model: 'seedream-4-5-251128',
        created: 1_790_000_000,
        data: [
          { url: 'https://ark-content.example.test/0.jpeg', size: '2496\u00D71664' },
          {
            error: {
              code: 'OutputImageSensitiveContentDetected',
              message: 'may contain sensitive information.',
            },
          },
          { error: { code: 'InternalServiceError', message: 'failed' } },
          { url: 'https://ark-content.example.test/3.jpeg', size: '2496x1664' },
        ],
        usage: { generated_images: 2, output_tokens: 32448, total_tokens: 32448 },
      },
      { 'x-request-id': 'req-1' },
    ),
  );
  assert.deepEqual(
    result.images.map((image) => [image.position, image.kind === 'failed' ? image.fault.kind : image.kind]),
    [
      [0, 'link'],
      [1, 'content'],
      [2, 'failed'],
      [3, 'link'],
    ],
  );
  assert.deepEqual(result.usage, { outputTokens: 32448, totalTokens: 32448 });
  assert.equal(result.model, 'seedream-4-5-251128');
  assert.equal(result.upstreamId, 'req-1');
});

test('usage with members missing is read as far as it goes', () => {
  assert.deepEqual(usageOf({ output_tokens: 16384 }), { outputTokens: 16384, totalTokens: 16384 });
  assert.equal(usageOf({ generated_images: 1 }), undefined);
  assert.equal(usageOf(undefined), undefined);
});

test('an error on HTTP 200 is an error, and no images are no result', () => {
  assert.equal(kindOf(refusal('OutputImageRiskDetection')), 'content');
  assert.equal(kindOf(refusal('InternalServiceError')), 'unknown');
  assert.equal(kindOf({ data: [] }), 'bad_reply');
  assert.equal(kindOf({ data: 'text' }), 'other');
});

test('an entry with neither link nor error is no image', () => {
  const [image] = readResult(answerOf({ data: [{ size: '2048x2048' }] })).images;
  assert.ok(image?.kind === 'failed');
  assert.equal(image.fault.kind, 'bad_reply');
});

test('every documented code has its meaning', () => {
  const expected: Record<string, string> = {
    parameter:
      'MissingParameter MissingParameter.x InvalidParameter InvalidParameter.x InvalidParameter.UnsupportedParameter InvalidImageURL.EmptyURL InvalidImageURL.InvalidFormat',
    content:
      'SensitiveContentDetected SensitiveContentDetected.SevereViolation SensitiveContentDetected.Violence InputTextSensitiveContentDetected InputTextSensitiveContentDetected.PolicyViolation InputTextRiskDetection InputImageSensitiveContentDetected InputImageSensitiveContentDetected.PolicyViolation InputImageSensitiveContentDetected.PrivacyInformation InputImageRiskDetection OutputImageSensitiveContentDetected OutputImageRiskDetection',
    failed: 'ContentSecurityDetectionError',
    auth: 'AuthenticationError InvalidAccountStatus',
    billing: 'AccountOverdueError OperationDenied.ServiceOverdue',
    misconfigured:
      'InvalidEndpoint.ClosedEndpoint AccessDenied OperationDenied.ServiceNotOpen OperationDenied.PermissionDenied InvalidEndpointOrModel.NotFound InvalidEndpointOrModel.ModelIDAccessDisabled InvalidEndpoint.NotFound ModelNotOpen UnsupportedModel',
    throttled:
      'ModelAccountIpmRateLimitExceeded RateLimitExceeded.EndpointRPMExceeded APIAccountRpmRateLimitExceeded ModelAccountRpmRateLimitExceeded ModelAccountTpmRateLimitExceeded AccountRateLimitExceeded ServerOverloaded RequestBurstTooFast InflightBatchsizeExceeded',
    quota: 'QuotaExceeded SetLimitExceeded',
    unknown: 'RequestCanceled InternalServiceError',
  };
  const seen = new Set<string>();
  for (const [kind, codes] of Object.entries(expected)) {
    for (const code of codes.split(' ')) {
      assert.equal(readFault(refusalOf(400, refusal(code))).kind, kind, code);
      for (const row of Object.keys(faults)) if (code === row || code.startsWith(`${row}.`)) seen.add(row);
    }
  }
  assert.deepEqual([...seen].toSorted(), Object.keys(faults).toSorted());
});

test('a used-up quota and the spending guard are not waited out', () => {
  for (const code of ['QuotaExceeded', 'SetLimitExceeded', 'SomethingNew']) {
    assert.notEqual(readFault(refusalOf(429, refusal(code))).row.resend, 'here', code);
  }
});

test('a wait in the header is passed on with throttling', () => {
  const seconds = { 'retry-after': '7' };
  assert.equal(readFault(refusalOf(429, refusal('AccountRateLimitExceeded'), seconds)).facts.waitMs, 7000);
  const date = { date: 'Sun, 22 Nov 2026 10:00:00 GMT', 'retry-after': 'Sun, 22 Nov 2026 10:00:12 GMT' };
  assert.equal(readFault(refusalOf(429, refusal('AccountRateLimitExceeded'), date)).facts.waitMs, 12_000);
  assert.equal(readFault(refusalOf(429, refusal('QuotaExceeded'), seconds)).facts.waitMs, undefined);
});

test('refused content and refused fields are named as the caller knows them', () => {
  assert.equal(paramOf('InputTextSensitiveContentDetected'), 'prompt');
  assert.equal(paramOf('InputImageSensitiveContentDetected.PrivacyInformation'), 'reference_images');
  assert.equal(paramOf('OutputImageSensitiveContentDetected', 'the output image may contain'), undefined);
  const size =
    'The parameter `size` specified in the request is not valid: at least 3686400 pixels. Request id: 1';
  assert.equal(paramOf('InvalidParameter', size), 'size');
  assert.equal(paramOf('InvalidParameter', 'Timeout while downloading url=https://x.test/image'), undefined);
});

test('a refusal without a readable body goes by its status', () => {
  const kinds = [400, 401, 403, 404, 429, 500, 502, 503, 504].map(
    (status) => readFault(refusalOf(status, undefined)).kind,
  );
  assert.deepEqual(kinds, [
    'parameter',
    'auth',
    'auth',
    'misconfigured',
    'failed',
    'unknown',
    'unknown',
    'unknown',
    'unknown',
  ]);
});

test('two images of a stream that claim one place are both kept', async () => {
  const reader = makeEventReader(requestOf({ model: 'seedream-4.0', group: { maxImages: 2 } }), undefined);
  for (const name of ['one', 'two']) {
    const event = {
      type: 'image_generation.partial_succeeded',
      image_index: 0,
      url: `https://x.test/${name}`,
    };
    await reader.take(answerOf(event));
  }
  await reader.take(answerOf({ type: 'image_generation.completed' }));
  const { images } = reader.end(undefined);
  assert.deepEqual(
    images.map((image) => [image.position, image.kind === 'link' && image.url]),
    [
      [0, 'https://x.test/one'],
      [1, 'https://x.test/two'],
    ],
  );
});
