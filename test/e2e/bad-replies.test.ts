import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import type { InjectedFault, Simulator } from '../../src/sandbox/kit.ts';
import { fastClock, unhurried } from '../kit/fast-clock.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startTestGateway, type Answered, type LoggedLine, type TestGateway } from '../kit/gateway.ts';
import { openDatabase } from '../kit/open-database.ts';

const create = '/v1/images/generations';

const models = {
  kling: 'kling-image-o1',
  ark: 'seedream-4.5',
  gemini: 'nano-banana-pro',
  zai: 'glm-image',
} as const;
type Name = keyof typeof models;

interface Bench {
  easel: TestGateway;
  /** What it has logged since the bench was set up. */
  logged(): LoggedLine[];
  control: Simulator['control'];
  /** Asks for one picture, the upstream doing what the fault says. */
  ask(fault: InjectedFault, more?: object): Promise<Answered>;
  /** What the record keeps of the calls: number, state and what was tried. */
  calls(
    id: string,
  ): { number: number; state: string; tried: { route: string; outcome: string; details?: string }[] }[];
}

const clock = fastClock(100);
let easel: TestGateway;
before(async () => {
  easel = await startTestGateway({ clock, env: unhurried, sandbox: { draw: fastDraw, delayMs: 1 } });
});
after(() => easel.close());
afterEach(() => {
  for (const simulator of easel.gateway.sandbox?.simulators.values() ?? []) simulator.control.reset();
  // Long enough for every route to be asked again, whatever kept it away.
  clock.skip(60 * 60_000);
});

function benchOf(name: Name): Bench {
  const firstLine = easel.logged.length;
  const simulator = easel.gateway.sandbox?.simulators.get(name);
  assert.ok(simulator !== undefined);
  const { control } = simulator;
  return {
    easel,
    logged: () => easel.logged.slice(firstLine),
    control,
    async ask(fault, more = {}) {
      control.inject(fault);
      return await easel.ask('POST', create, { model: models[name], prompt: 'a lighthouse', ...more });
    },
    calls(id) {
      const file = openDatabase(path.join(easel.dataDir, 'easel.db'), { readOnly: true });
      const rows = file.prepare('select number, state, tried from calls where generation_id = ?').all(id);
      file.close();
      return rows.map((row) => ({
        number: Number(row['number']),
        state: String(row['state']),
        tried: JSON.parse(String(row['tried'])),
      }));
    },
  };
}

/** The upstream's words are in the log, without our credential; the record and its calls say what happened. */
async function assertTold(
  bench: Bench,
  name: Name,
  answer: Answered,
  words: string | undefined,
): Promise<void> {
  const { easel } = bench;
  assert.equal(answer.status, 424, answer.text);
  assert.equal(answer.at('error.reason'), 'upstream_bad_reply');
  assert.equal(answer.headers.get('x-should-retry'), 'false');
  const id = String(answer.headers.get('x-image-id'));
  const record = await easel.ask('GET', `/v1/images/${id}`);
  assert.equal(record.at('status'), 'failed');
  assert.equal(record.at('error.reason'), 'upstream_bad_reply');
  assert.equal(record.at('provider'), name);
  const [call] = bench.calls(id);
  const last = call?.tried.at(-1);
  assert.deepEqual([call?.number, last?.route, last?.outcome], [0, `sandbox/${name}`, 'bad_reply']);
  assert.ok((last?.details ?? '') !== '');
  const heads = bench
    .logged()
    .map(({ facts }) => facts['head'])
    .filter((head) => typeof head === 'string');
  assert.ok(heads.length > 0, 'the raw answer is in the log');
  if (words !== undefined)
    assert.ok(
      heads.some((head) => head.includes(words)),
      heads.join('\n'),
    );
  assert.ok(heads.every((head) => head.length <= 2048));
  const key = easel.gateway.sandbox?.simulators.get(name)?.credential.apiKey ?? '?';
  assert.ok(!JSON.stringify(bench.logged()).includes(key));
}

const spoilt: { kind: 'garbage' | 'truncate' | 'wrong-type'; words: string | undefined }[] = [
  { kind: 'garbage', words: 'not what was asked for' },
  { kind: 'truncate', words: undefined },
  { kind: 'wrong-type', words: undefined },
];

/** JSON that no upstream documents as a success, each for those it could be taken for one by. */
const odd: Record<Name, unknown[]> = {
  kling: [],
  ark: [
    [],
    null,
    'text',
    {},
    { data: 7 },
    { data: [{}] },
    { data: [{ url: 5 }] },
    { data: [] },
    { created: 1 },
  ],
  gemini: [
    [],
    null,
    42,
    { candidates: 7 },
    { candidates: [{ content: { parts: [{ inlineData: { data: 'no base64 at all!' } }] } }] },
    { candidates: [{ content: { parts: [{ inlineData: { data: 'QUJD' } }] }, finishReason: 'STOP' }] },
  ],
  zai: [[], null, {}, { id: 7 }, { id: '' }, 'text'],
};

for (const name of ['ark', 'gemini', 'zai'] as const) {
  for (const { kind, words } of spoilt) {
    test(`${name}: an answer that is spoilt (${kind}) is upstream_bad_reply, told and recorded`, async () => {
      const bench = benchOf(name);
      const answer = await bench.ask({ on: 'submit', kind });
      await assertTold(bench, name, answer, words);
      assert.equal(bench.control.requests().filter(({ on }) => on === 'submit').length, 1, 'not sent again');
    });
  }

  test(`${name}: an answer cut off is an unknown outcome, not sent again`, async () => {
    const bench = benchOf(name);
    const answer = await bench.ask({ on: 'submit', kind: 'cut-body' });
    assert.equal(answer.status, 424, answer.text);
    assert.equal(answer.at('error.reason'), 'outcome_unknown');
    assert.equal(bench.control.requests().filter(({ on }) => on === 'submit').length, 1);
    const [call] = bench.calls(String(answer.headers.get('x-image-id')));
    assert.equal(call?.tried.at(-1)?.route, `sandbox/${name}`);
  });

  for (const body of odd[name]) {
    test(`${name}: 200 with ${JSON.stringify(body)} is upstream_bad_reply, told and recorded`, async () => {
      const bench = benchOf(name);
      const answer = await bench.ask({ on: 'submit', kind: 'status', status: 200, body });
      await assertTold(bench, name, answer, undefined);
    });
  }
}

for (const { kind } of [...spoilt, { kind: 'cut-body' as const }]) {
  test(`kling: a submit whose answer is spoilt (${kind}) is found again and not repeated`, async () => {
    const bench = benchOf('kling');
    const answer = await bench.ask({ on: 'submit', kind });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(bench.control.ledger().length, 1);
  });
}

for (const body of [
  [],
  null,
  'text',
  {},
  { code: 0 },
  { code: 0, data: {} },
  { code: 0, data: { task_id: 7 } },
]) {
  test(`kling: 200 with ${JSON.stringify(body)} for a submit that was not accepted is no success`, async () => {
    const bench = benchOf('kling');
    const answer = await bench.ask({ on: 'submit', kind: 'status', status: 200, body });
    // Asked by our id, Kling says that it has no such task: nothing was charged.
    assert.deepEqual([answer.status, answer.at('error.reason')], [502, 'generation_failed'], answer.text);
    assert.equal(bench.control.ledger().length, 0);
  });
}

const done = {
  kling: { code: 0, data: { task_id: '1', task_status: 'succeed', task_result: { images: [] } } },
  zai: { task_status: 'SUCCESS', image_result: [] },
};

for (const name of ['kling', 'zai'] as const) {
  for (const fault of [
    ...[...spoilt, { kind: 'cut-body' as const }].map(({ kind }) => ({
      on: 'poll' as const,
      kind,
      times: 2,
    })),
    ...[[], null, 'text', {}, done[name]].map((body) => ({
      on: 'poll' as const,
      kind: 'status' as const,
      status: 200,
      body,
    })),
  ]) {
    test(`${name}: a poll's bad answer (${JSON.stringify(fault)}) costs no picture`, async () => {
      const bench = benchOf(name);
      const answer = await bench.ask(fault);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(bench.control.ledger().length, 1);
    });
  }

  test(`${name}: a task that stays done without images is upstream_bad_reply, told and recorded`, async () => {
    const bench = benchOf(name);
    const answer = await bench.ask({
      on: 'poll',
      kind: 'status',
      status: 200,
      body: done[name],
      times: 1000,
    });
    await assertTold(bench, name, answer, '"images":[]'.slice(0, name === 'kling' ? undefined : 0));
  });
}

for (const name of ['kling', 'ark', 'zai'] as const) {
  test(`${name}: a link that gives no picture, however often, is upstream_bad_reply, told and recorded`, async () => {
    const bench = benchOf(name);
    const answer = await bench.ask({ on: 'download', kind: 'garbage', times: 1000 });
    await assertTold(bench, name, answer, 'not what was asked for');
  });

  test(`${name}: a link that gives half a picture first is asked again`, async () => {
    const bench = benchOf(name);
    const answer = await bench.ask({ on: 'download', kind: 'truncate', times: 2 });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(bench.control.ledger().length, 1);
  });
}
