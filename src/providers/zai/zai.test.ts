import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOf, refusalOf, requestOf } from '../../../test/kit/provider-calls.ts';
import { UpstreamFault } from '../../core/fault.ts';
import type { TaskState } from '../../core/provider.ts';
import { faults, readFault } from './faults.ts';
import { readState, readTicket } from './reply.ts';
import { toBody } from './request.ts';

const model = 'glm-image';
const link = 'https://mfile.example.test/1795312098123-0f1e.png';

function refusal(code: string | number, message = 'm'): unknown {
  return { error: { code, message } };
}

function state(reply: unknown, watermark?: boolean): TaskState {
  return readState(answerOf(reply), { id: '1', ...(watermark === undefined ? {} : { watermark }) });
}

function kindThrown(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    return thrown instanceof UpstreamFault ? thrown.kind : 'not as documented';
  }
  return 'nothing thrown';
}

function userId(user: string): unknown {
  return toBody({ request: requestOf({ model, user }), ourId: 'id' }, model)['user_id'];
}

test('a plain prompt is sent in the default size, in hd, and without a word on watermarks', () => {
  assert.deepEqual(toBody({ request: requestOf({ model }), ourId: 'img_1-0-1' }, model), {
    model: 'glm-image',
    prompt: 'A paper boat on a rain gutter',
    size: '1280x1280',
    quality: 'hd',
    request_id: 'img_1-0-1',
  });
});

test('size and watermark are passed on as the caller said them', () => {
  const shape = { tier: undefined, ratio: undefined, pixels: { width: 1536, height: 1024 } };
  for (const watermark of [true, false]) {
    const body = toBody({ request: requestOf({ model, shape, watermark }), ourId: 'id' }, model);
    assert.equal(body['size'], '1536x1024');
    assert.equal(body['watermark_enabled'], watermark);
  }
});

test('a user name of a length the upstream refuses becomes a stable hash', () => {
  assert.equal(userId('tenant-7f3a21'), 'tenant-7f3a21');
  for (const user of ['bob', 'x'.repeat(129), '李雷和韩梅梅']) {
    assert.match(String(userId(user)), /^[0-9a-f]{64}$/);
    assert.equal(userId(user), userId(user));
  }
});

test('a submit answers with a ticket', () => {
  const reply = { model, id: '88117795312045001', request_id: '2026', task_status: 'PROCESSING' };
  assert.deepEqual(readTicket(answerOf(reply), undefined), { id: '88117795312045001' });
  assert.deepEqual(readTicket(answerOf(reply), false), { id: '88117795312045001', watermark: false });
  assert.equal(
    kindThrown(() => readTicket(answerOf({ task_status: 'PROCESSING' }), undefined)),
    'not as documented',
  );
});

test('an error on HTTP 200 is found before anything else is read', () => {
  const body = { id: '1', ...Object(refusal('1301')) };
  assert.equal(
    kindThrown(() => readTicket(answerOf(body), undefined)),
    'content',
  );
  assert.equal(
    kindThrown(() =>
      state({ task_status: 'SUCCESS', image_result: [{ url: link }], ...Object(refusal(1234)) }),
    ),
    'unknown',
  );
});

test('a task runs until it says otherwise', () => {
  for (const word of ['PROCESSING', 'QUEUED', undefined]) {
    assert.deepEqual(state({ task_status: word }), { state: 'running' });
  }
});

test('a finished task gives its link, also as a bare object', () => {
  for (const image_result of [[{ url: link }], { url: link }]) {
    assert.deepEqual(
      state({ model, id: '1', task_status: 'SUCCESS', image_result, content_filter: [{ level: 3 }] }),
      {
        state: 'done',
        result: { images: [{ kind: 'link', position: 0, url: link }], model, upstreamId: '1' },
      },
    );
  }
});

test('FAIL is a free failure, a success without a picture is no result', () => {
  const failed = state({ task_status: 'FAIL' });
  assert.ok(failed.state === 'failed');
  assert.equal(failed.fault.kind, 'failed');
  for (const image_result of [[], null, undefined]) {
    const empty = state({ task_status: 'SUCCESS', image_result });
    assert.ok(empty.state === 'failed');
    assert.equal(empty.fault.kind, 'bad_reply');
  }
});

test('a mark that was not asked for is said', () => {
  const reply = {
    task_status: 'SUCCESS',
    image_result: [{ url: `${link}?ufileattname=2026_watermark.png` }],
  };
  const unwanted = state(reply, false);
  assert.ok(unwanted.state === 'done');
  assert.deepEqual(
    unwanted.result.warnings?.map(({ param, used }) => [param, used]),
    [['watermark', true]],
  );
  for (const watermark of [true, undefined]) {
    const wanted = state(reply, watermark);
    assert.ok(wanted.state === 'done');
    assert.equal(wanted.result.warnings, undefined);
  }
});

test('every documented code has its meaning, as text or number and whatever its status', () => {
  const expected: Record<string, string> = {
    auth: '1000 1001 1002 1003 1004 1100 1110 1111 1112 1121 1220 1313',
    billing: '1113 1309',
    quota: '1304 1308 1310',
    misconfigured: '1211 1212 1221 1222',
    parameter: '1200 1210 1213 1214 1215 1233 1261',
    content: '1300 1301',
    throttled: '1302 1303 1305',
    unknown: '500 1120 1230 1231 1234',
  };
  const listed = Object.entries(expected).flatMap(([kind, codes]) =>
    codes.split(' ').map((code) => ({ code, kind })),
  );
  assert.deepEqual(listed.map(({ code }) => code).toSorted(), Object.keys(faults).toSorted());
  for (const { code, kind } of listed) {
    for (const status of [200, 400, 429, 503]) {
      assert.equal(readFault(refusalOf(status, refusal(code))).kind, kind, code);
      assert.equal(readFault(refusalOf(status, refusal(Number(code)))).kind, kind, code);
    }
  }
});

test('only the three throttling codes are ever sent again here', () => {
  for (const code of Object.keys(faults)) {
    const { resend } = readFault(refusalOf(429, refusal(code))).row;
    assert.equal(resend === 'here', ['1302', '1303', '1305'].includes(code), code);
  }
  assert.equal(readFault(refusalOf(429, refusal('1999'))).row.resend, 'never');
  assert.equal(readFault(refusalOf(429, undefined)).row.resend, 'never');
});

test('the filter tells whether the prompt or the picture was refused', () => {
  const blocked = (role: string, name = 'contentFilter'): string | undefined =>
    readFault(refusalOf(400, { [name]: [{ level: 1, role }], ...Object(refusal('1301')) })).facts.param;
  assert.equal(blocked('user'), 'prompt');
  assert.equal(blocked('user', 'content_filter'), 'prompt');
  assert.equal(blocked('assistant'), undefined);
  assert.equal(readFault(refusalOf(400, refusal('1301'))).facts.param, undefined);
});

test('refused fields are named as the caller knows them, Chinese words stay in the log', () => {
  const fault = readFault(
    refusalOf(400, refusal('1214', 'Invalid size parameter. Please check the documentation')),
  );
  assert.equal(fault.facts.param, 'size');
  const chinese = readFault(refusalOf(400, refusal('1210', 'API 调用参数有误，请检查文档。')));
  assert.ok(!/[一-鿿]/.test(chinese.facts.message ?? chinese.row.message));
  assert.match(chinese.facts.details ?? '', /调用参数有误/);
});

test('the wrapped error of newer endpoints is read the same', () => {
  const body = {
    type: 'error',
    error: { type: 'x', code: '1210', message: '[1210][wrong][id]' },
    request_id: 'r',
  };
  assert.equal(readFault(refusalOf(400, body)).kind, 'parameter');
});
