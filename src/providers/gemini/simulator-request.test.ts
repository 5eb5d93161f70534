import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import sharp from 'sharp';

import { fastDraw } from '../../../test/kit/fast-draw.ts';
import type { Simulator } from '../../sandbox/kit.ts';
import { startGeminiSimulator } from './simulator.ts';

interface GoogleError {
  code: number;
  status: string;
  message: string;
  details?: Record<string, unknown>[];
}

let simulator: Simulator;
let pixel: string;
before(async () => {
  simulator = await startGeminiSimulator({ draw: fastDraw, delayMs: 0 });
  const bytes = await sharp({ create: { width: 16, height: 16, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  pixel = bytes.toString('base64');
});
after(() => simulator.close());

const generatePath = '/v1beta/models/gemini-3-pro-image:generateContent';
const contents = [{ parts: [{ text: 'a fox' }] }];

async function post(body: unknown, path = generatePath, headers?: Record<string, string>): Promise<Response> {
  return fetch(simulator.baseUrl + path, {
    method: 'POST',
    headers: headers ?? { 'x-goog-api-key': simulator.credential.apiKey },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

async function errorOf(answer: Response | Promise<Response>): Promise<GoogleError> {
  const response = await answer;
  const { error } = (await response.json()) as { error: GoogleError };
  assert.ok(error, 'an error was expected');
  assert.equal(response.status, error.code);
  return error;
}

const messageOf = async (body: unknown): Promise<string> => {
  const error = await errorOf(post(body));
  assert.equal(error.status, 'INVALID_ARGUMENT');
  return error.message;
};

test('both prefixes, both spellings and both places for the key are accepted', async () => {
  const camel = {
    contents: [
      { role: 'user', parts: [{ text: 'a fox' }, { inlineData: { mimeType: 'image/png', data: pixel } }] },
    ],
    generationConfig: {
      responseModalities: ['IMAGE'],
      imageConfig: { aspectRatio: '16:9', imageSize: '1K' },
    },
  };
  const snake = {
    contents: [{ parts: [{ text: 'a fox' }, { inline_data: { mime_type: 'image/png', data: pixel } }] }],
    generation_config: {
      response_modalities: ['IMAGE'],
      image_config: { aspect_ratio: '16:9', image_size: '1K' },
    },
    tools: [{ google_search: {} }],
  };
  for (const path of [generatePath, generatePath.replace('v1beta', 'v1')]) {
    for (const body of [camel, snake]) {
      assert.equal((await post(body, path)).status, 200);
      assert.equal((await post(body, `${path}?key=${simulator.credential.apiKey}`, {})).status, 200);
    }
  }
});

test('aliases are served under the id they stand for', async () => {
  const response = await post({ contents }, generatePath.replace('image:', 'image-preview:'));
  assert.equal(((await response.json()) as { modelVersion: string }).modelVersion, 'gemini-3-pro-image');
});

test('a wrong key is 400 API_KEY_INVALID, no key is 403, a bearer token is 401', async () => {
  const wrong = await errorOf(post({ contents }, generatePath, { 'x-goog-api-key': 'nope' }));
  assert.deepEqual([wrong.code, wrong.status], [400, 'INVALID_ARGUMENT']);
  assert.deepEqual(wrong.details?.[0], {
    '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
    reason: 'API_KEY_INVALID',
    domain: 'googleapis.com',
    metadata: { service: 'generativelanguage.googleapis.com' },
  });
  assert.match(String(wrong.details?.[1]?.['@type']), /LocalizedMessage$/);
  assert.equal((await errorOf(post({ contents }, generatePath, {}))).status, 'PERMISSION_DENIED');
  const bearer = { authorization: `Bearer ${simulator.credential.apiKey}` };
  assert.equal((await errorOf(post({ contents }, generatePath, bearer))).status, 'UNAUTHENTICATED');
});

test('an unknown model or method is 404 NOT_FOUND', async () => {
  const model = await errorOf(post({ contents }, '/v1/models/gemini-9:generateContent'));
  assert.equal(model.status, 'NOT_FOUND');
  assert.match(
    model.message,
    /^models\/gemini-9 is not found for API version v1, or is not supported for generateContent/,
  );
  const paths = [
    '/v1beta/models/gemini-3-pro-image:predict',
    '/v2/models/gemini-3-pro-image:generateContent',
  ];
  for (const path of paths) assert.equal((await errorOf(post({ contents }, path))).status, 'NOT_FOUND');
  const headers = { 'x-goog-api-key': simulator.credential.apiKey };
  const missing = await errorOf(fetch(`${simulator.baseUrl}/v1beta/models/gemini-9`, { headers }));
  assert.equal(missing.status, 'NOT_FOUND');
});

test('unknown names are refused in the words of the front end, all of them at once', async () => {
  const error = await errorOf(
    post({
      contents: [{ parts: [{ text: 'a fox', image: 'x' }] }],
      parameters: {},
      generationConfig: { aspectRatio: '1:1', imageConfig: { personGeneration: 'ALLOW_ALL' } },
    }),
  );
  const expected = [
    `Invalid JSON payload received. Unknown name "image" at 'contents[0].parts[0]': Cannot find field.`,
    `Invalid JSON payload received. Unknown name "parameters": Cannot find field.`,
    `Invalid JSON payload received. Unknown name "aspectRatio" at 'generation_config': Cannot find field.`,
    `Invalid JSON payload received. Unknown name "personGeneration" at 'generation_config.image_config': Cannot find field.`,
  ];
  assert.equal(error.message, expected.join('\n'));
  assert.deepEqual(error.details, [
    {
      '@type': 'type.googleapis.com/google.rpc.BadRequest',
      fieldViolations: [
        { field: 'contents[0].parts[0]', description: expected[0] },
        { description: expected[1] },
        { field: 'generation_config', description: expected[2] },
        { field: 'generation_config.image_config', description: expected[3] },
      ],
    },
  ]);
});

test('values of the wrong type are refused with their path', async () => {
  const cases: [config: object, message: string][] = [
    [{ seed: 'red' }, `Invalid value at 'generation_config.seed' (TYPE_INT32), "red"`],
    [{ seed: 2 ** 31 }, `Invalid value at 'generation_config.seed' (TYPE_INT32), 2147483648`],
    [
      { imageConfig: { imageSize: 1 } },
      `Invalid value at 'generation_config.image_config.image_size' (TYPE_STRING), 1`,
    ],
    [
      { responseModalities: ['PICTURE'] },
      `Invalid value at 'generation_config.response_modalities[0]' (type.googleapis.com/google.ai.generativelanguage.v1beta.GenerationConfig.Modality), "PICTURE"`,
    ],
    [
      { seed: [1] },
      `Invalid JSON payload received. Unknown name "seed" at 'generation_config': Proto field is not repeating, cannot start list.`,
    ],
  ];
  for (const [generationConfig, message] of cases) {
    assert.equal(await messageOf({ contents, generationConfig }), message);
  }
});

test('lower-case tiers, 512 on Pro, unlisted ratios, two candidates and image MIME types are refused', async () => {
  const cases: [config: object, message: RegExp][] = [
    [{ imageConfig: { imageSize: '1k' } }, /image_size must be one of '1K', '2K', '4K'/],
    [{ imageConfig: { imageSize: '512' } }, /image_size must be one of/],
    [{ imageConfig: { aspectRatio: '1:4' } }, /aspect_ratio must be one of '1:1', '2:3'/],
    [{ imageConfig: { aspectRatio: '16x9' } }, /aspect_ratio must be one of/],
    [{ candidateCount: 2 }, /^Multiple candidates is not enabled for /],
    [{ responseMimeType: 'image/png' }, /allowed mimetypes are/],
    [{ responseModalities: ['AUDIO'] }, /combination of response modalities/],
  ];
  for (const [generationConfig, message] of cases) {
    assert.match(await messageOf({ contents, generationConfig }), message);
  }
  const flash = { contents, generationConfig: { imageConfig: { imageSize: '512' } } };
  assert.equal((await post(flash, '/v1/models/gemini-3.1-flash-image:generateContent')).status, 200);
  assert.equal((await post(flash, '/v1/models/gemini-2.5-flash-image:generateContent')).status, 400);
});

test('bodies without usable contents are refused', async () => {
  const cases: [body: unknown, message: RegExp][] = [
    ['', /contents is not specified/],
    ['{', /^Invalid JSON payload received/],
    ['[]', /Root element must be a message/],
    ['{"__proto__": {"contents": []}}', /Unknown name "__proto__": Cannot find field/],
    [{ contents: [] }, /contents is not specified/],
    [{ contents: 'a fox' }, /^Invalid value at 'contents' \(type\.googleapis\.com\/.*\.Content\), "a fox"$/],
    [{ contents: [{ parts: [] }] }, /contents\[0\]\.parts: contents\.parts must not be empty/],
    [{ contents: [{ parts: [{}] }] }, /parts\[0\]\.data: required oneof field 'data'/],
    [{ contents: [{ role: 'assistant', parts: [{ text: 'a fox' }] }] }, /valid role: user, model/],
    [{ contents: [...contents, ...contents] }, /valid role: user, model/],
  ];
  for (const [body, message] of cases) assert.match(await messageOf(body), message);
});

function withInputs(...inlineData: object[]): object {
  return {
    contents: [{ parts: [{ text: 'a fox' }, ...inlineData.map((each) => ({ inlineData: each }))] }],
  };
}

test('input pictures must be bare base64 of a picture in a listed type, and at most 14', async () => {
  const mimeType = 'image/png';
  const cases: [body: object, message: RegExp][] = [
    [
      withInputs({ mimeType, data: `data:image/png;base64,${pixel}` }),
      /^Invalid value at 'contents\[0\]\.parts\[1\]\.inline_data\.data' \(TYPE_BYTES\), Base64 decoding failed for "data:image\/png/,
    ],
    [withInputs({ mimeType: 'image/gif', data: pixel }), /^Unsupported MIME type: image\/gif$/],
    [
      withInputs({ mimeType, data: Buffer.from('<svg/>').toString('base64') }),
      /^Unable to process input image/,
    ],
    [withInputs(...Array.from({ length: 15 }, () => ({ mimeType, data: pixel }))), /fewer than 15 images/],
    [
      { contents: [{ parts: [{ fileData: { mimeType, fileUri: 'https://example.com/a.png' } }] }] },
      /^Cannot fetch content from the provided URL/,
    ],
  ];
  for (const [body, message] of cases) assert.match(await messageOf(body), message);
  assert.equal(
    (await post(withInputs(...Array.from({ length: 14 }, () => ({ mimeType, data: pixel }))))).status,
    200,
  );
});

test('a request above 20 MiB is refused by its size', async () => {
  const parts = [
    { text: 'a fox' },
    { inlineData: { mimeType: 'image/png', data: 'A'.repeat(20 * 1024 * 1024) } },
  ];
  assert.equal(
    await messageOf({ contents: [{ parts }] }),
    'Request payload size exceeds the limit: 20971520 bytes.',
  );
});

test('countTokens counts the input side only', async () => {
  const parts = [{ text: 'a fox' }, { inlineData: { mimeType: 'image/png', data: pixel } }];
  const path = generatePath.replace('generateContent', 'countTokens');
  const bare = await post({ contents: [{ parts }] }, path);
  assert.deepEqual(await bare.json(), {
    totalTokens: 260,
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: 2 },
      { modality: 'IMAGE', tokenCount: 258 },
    ],
  });
  const whole = await post(
    { generateContentRequest: { model: 'models/gemini-3-pro-image', contents } },
    path,
  );
  assert.equal(((await whole.json()) as { totalTokens: number }).totalTokens, 2);
  assert.deepEqual(simulator.control.requests().at(-1)?.on, 'other');
});
