import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf, inputOf, refusalOf, requestOf } from '../../../test/kit/provider-calls.ts';
import { UpstreamFault } from '../../core/fault.ts';
import type { CallResult } from '../../core/image-result.ts';
import { faults, readFault, UnknownTask } from './faults.ts';
import { bearerOf, kling } from './index.ts';
import { cards } from './models.ts';
import { readState, readTask } from './reply.ts';
import { toBody } from './request.ts';

const model = 'kling-image-o1';
const bytes = Uint8Array.of(0x89, 0x50, 0x4e, 0x47);

/** The reply of upstream-kling.md section 6 with other task data. */
function taskReply(data: Record<string, unknown>, code = 0): unknown {
  return { code, message: 'SUCCEED', request_id: '0d6c', data: { task_id: '912345678901234567', ...data } };
}

const twoImages = [
  { index: 1, url: 'https://cdn.example.test/b.png', watermark_url: 'https://cdn.example.test/b-mark.png' },
  { index: 0, url: 'https://cdn.example.test/a.png', watermark_url: 'https://cdn.example.test/a-mark.png' },
];

function paramOf(message: string): string | undefined {
  return readFault(refusalOf(400, { code: 1201, message })).facts.param;
}

function doneWith(data: Record<string, unknown>, watermark?: boolean): CallResult {
  const task = readTask(answerOf(taskReply({ task_status: 'succeed', ...data })));
  const ticket = { taskId: task.task_id, ...(watermark === undefined ? {} : { watermark }) };
  const state = readState(task, ticket);
  assert.ok(state.state === 'done');
  return state.result;
}

function links(result: CallResult): [number, string][] {
  return result.images.map((image) => [image.position, image.kind === 'link' ? image.url : image.kind]);
}

test('signs exactly the published token for its clock', async () => {
  const credential = { kind: 'pair', accessKey: 'ak-sim-0001', secretKey: 'sk-sim-0001-secret' } as const;
  assert.equal(
    await bearerOf(credential, 1_790_000_000_999),
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJhay1zaW0tMDAwMSIsImV4cCI6MTc5MDAwMTgwMCwibmJmIjoxNzg5OTk5OTk1fQ.yPYjLoAeMUJxd6-MDutDrg5IA0vp0MSxpwiG8H8FtRI',
  );
});

test('an API key is the bearer value as it stands', async () => {
  const exchange = { method: 'GET', url: 'https://x.test/', body: '', nowMs: 0 };
  assert.deepEqual(await kling.authorize({ kind: 'key', apiKey: 'abc' }, exchange), {
    authorization: 'Bearer abc',
  });
});

test('a plain prompt is sent with every default spelt out', () => {
  assert.deepEqual(toBody({ request: requestOf({ model }), ourId: 'img_1-0-1' }, model), {
    model_name: 'kling-image-o1',
    prompt: 'A paper boat on a rain gutter',
    resolution: '1k',
    n: 1,
    aspect_ratio: '1:1',
    watermark_info: { enabled: false },
    external_task_id: 'img_1-0-1',
  });
});

test('inputs go as bare base64 and the prompt that names them is unchanged', () => {
  const prompt = 'Put the mug from <<<image_1>>> on the table of <<<image_2>>>';
  const request = requestOf({
    model,
    prompt,
    n: 2,
    watermark: true,
    inputs: [inputOf(bytes), inputOf(bytes, 'jpeg', 1)],
    shape: { tier: '2K', ratio: '3:2', pixels: { width: 2496, height: 1664 } },
  });
  const body = toBody({ request, ourId: 'id' }, model);
  assert.equal(body['prompt'], prompt);
  assert.deepEqual(body['image_list'], [{ image: 'iVBORw==' }, { image: 'iVBORw==' }]);
  assert.equal(body['resolution'], '2k');
  assert.equal(body['aspect_ratio'], '3:2');
  assert.equal(body['n'], 2);
  assert.deepEqual(body['watermark_info'], { enabled: true });
});

test('with an input and no shape asked the upstream follows the input', () => {
  const request = requestOf({ model, inputs: [inputOf(bytes)] });
  assert.equal(toBody({ request, ourId: 'id' }, model)['aspect_ratio'], 'auto');
});

test('a seed never reaches an endpoint that has none', () => {
  const body = toBody({ request: requestOf({ model, seed: 7, negativePrompt: 'no' }), ourId: 'id' }, model);
  assert.deepEqual(
    Object.keys(body).filter((name) => /seed|negative|size$/.test(name)),
    [],
  );
});

test('task states: waiting words and unknown ones keep the task running', () => {
  for (const word of ['submitted', 'processing', 'resting', undefined]) {
    const task = readTask(answerOf(taskReply({ task_status: word, task_result: {} })));
    assert.deepEqual(readState(task, { taskId: '1' }), { state: 'running' });
  }
});

test('images are ordered by their index', () => {
  assert.deepEqual(links(doneWith({ task_result: { images: twoImages } }, false)), [
    [0, 'https://cdn.example.test/a.png'],
    [1, 'https://cdn.example.test/b.png'],
  ]);
});

test('without an index the order of the array counts, and doubled indexes count as none', () => {
  const images = [{ url: 'https://x.test/1' }, { index: 0, url: 'https://x.test/2' }];
  const expected = [
    [0, 'https://x.test/1'],
    [1, 'https://x.test/2'],
  ];
  assert.deepEqual(links(doneWith({ task_result: { images } })), expected);
  const doubled = images.map((image) => ({ ...image, index: 0 }));
  assert.deepEqual(links(doneWith({ task_result: { images: doubled } })), expected);
});

test('a gap in the indexes stays a gap', () => {
  const images = [
    { index: 2, url: 'https://x.test/2' },
    { index: 0, url: 'https://x.test/0' },
  ];
  assert.deepEqual(
    links(doneWith({ task_result: { images } })).map(([position]) => position),
    [0, 2],
  );
});

test('a wanted watermark delivers the marked copies, also on a task found again by our id', () => {
  const marked = [
    [0, 'https://cdn.example.test/a-mark.png'],
    [1, 'https://cdn.example.test/b-mark.png'],
  ];
  assert.deepEqual(links(doneWith({ task_result: { images: twoImages } }, true)), marked);
  assert.deepEqual(links(doneWith({ task_result: { images: twoImages } })), marked);
  assert.deepEqual(
    links(doneWith({ task_result: { images: twoImages }, watermark_info: { enabled: false } })),
    [
      [0, 'https://cdn.example.test/a.png'],
      [1, 'https://cdn.example.test/b.png'],
    ],
  );
});

test('a missing watermarked copy is said, and the paid picture delivered', () => {
  const result = doneWith({ task_result: { images: [{ url: 'https://x.test/a' }] } }, true);
  assert.deepEqual(links(result), [[0, 'https://x.test/a']]);
  assert.equal(result.warnings?.[0]?.param, 'watermark');
});

test('a task that failed risk control is a refusal of the content, any other failure is free', () => {
  const words = 'Failure to pass the risk control system';
  for (const [message, kind] of [
    [words, 'content'],
    ['Image generation failed', 'failed'],
    [undefined, 'failed'],
  ] as const) {
    const task = readTask(answerOf(taskReply({ task_status: 'failed', task_status_msg: message })));
    const state = readState(task, { taskId: '1' });
    assert.ok(state.state === 'failed');
    assert.equal(state.fault.kind, kind);
  }
});

test('a success without images is not taken for a result', () => {
  const task = readTask(answerOf(taskReply({ task_status: 'succeed', task_result: { images: [] } })));
  const state = readState(task, { taskId: '1' });
  assert.ok(state.state === 'failed');
  assert.equal(state.fault.kind, 'bad_reply');
});

test('a code other than 0 on HTTP 200 is a refusal', () => {
  const body = { code: 1303, message: 'parallel task over resource pack limit', request_id: 'r' };
  assert.throws(
    () => readTask(answerOf(body)),
    (thrown) => thrown instanceof UpstreamFault && thrown.kind === 'throttled',
  );
});

test('every documented code has its meaning, whatever its HTTP status', () => {
  const expected: Record<string, string> = {
    auth: '1000 1001 1002 1003 1004 1100 1304',
    billing: '1101 1102',
    misconfigured: '1103 1202 1203',
    parameter: '1200 1201',
    content: '1300 1301',
    throttled: '1302 1303',
    unknown: '5000 5001 5002',
  };
  const listed = Object.entries(expected).flatMap(([kind, codes]) =>
    codes.split(' ').map((code) => [code, kind]),
  );
  assert.deepEqual(new Set(listed.map(([code]) => code)), new Set(Object.keys(faults)));
  for (const [code, kind] of listed) {
    const answer = refusalOf(code?.startsWith('13') ? 429 : 400, { code: Number(code), message: 'm' });
    assert.equal(readFault(answer).kind, kind, code);
  }
});

test('only 1302 and 1303 are ever sent again here', () => {
  for (const code of Object.keys(faults)) {
    const fault = readFault(refusalOf(429, { code: Number(code), message: 'm' }));
    assert.equal(fault.row.resend === 'here', code === '1302' || code === '1303', code);
  }
  assert.equal(readFault(refusalOf(429, { code: 1999, message: 'm' })).row.resend, 'never');
  assert.equal(readFault(refusalOf(429, undefined)).row.resend, 'never');
});

test('a 5xx may follow an accepted create: its outcome is unknown', () => {
  for (const answer of [
    refusalOf(500, { code: 5000 }),
    refusalOf(502, undefined),
    refusalOf(504, { code: 5002 }),
  ]) {
    assert.equal(readFault(answer).kind, 'unknown');
  }
});

test('a refused field is named as the caller knows it', () => {
  assert.equal(paramOf("aspect_ratio value '5:1' is invalid"), 'ratio');
  assert.equal(paramOf("n value '12' is invalid"), 'n');
  assert.equal(paramOf('image_list[1].image: picture too small'), 'reference_images[1]');
  assert.equal(paramOf('something else'), undefined);
});

test('an id used before and an id never accepted are told apart from a bad value', () => {
  const duplicate = readFault(
    refusalOf(400, { code: 1201, message: 'External_task_id img_1-0-1 already exists' }),
  );
  assert.equal(duplicate.kind, 'unknown');
  const missing = readFault(
    refusalOf(400, { code: 1201, message: 'Task not found by id/external id: img_1-0-1' }),
  );
  assert.ok(missing instanceof UnknownTask);
});

test("an upstream's words go to the log only, shortened", () => {
  const message = `参数错误 https://api.example.test/${'x'.repeat(2000)}`;
  const fault = readFault(refusalOf(400, { code: 1200, message, request_id: 'r-1' }));
  assert.ok(!/参数|https/.test(fault.facts.message ?? fault.row.message));
  assert.match(fault.facts.details ?? '', /HTTP 400, code 1200, request r-1, said: 参数错误/);
  assert.equal(fault.facts.details?.length, 500);
});

test("the card's way to name an input finds its place", () => {
  const pattern = new RegExp(cards[0]?.promptImageReference ?? '', 'g');
  const places = [...'<<<image_1>>> and <<<image_12>>> but <<image_3>>'.matchAll(pattern)];
  assert.deepEqual(
    places.map((match) => match[1]),
    ['1', '12'],
  );
});
