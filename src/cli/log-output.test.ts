import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const module = new URL('./log-output.ts', import.meta.url).href;

function program(body: string): string[] {
  return ['--input-type=module', '-e', `import { openLog } from ${JSON.stringify(module)};\n${body}`];
}

function messages(output: string): string[] {
  return output
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { msg: string }).msg);
}

test('every line is there, in order, when the process ends, whichever way it does', async () => {
  for (const end of ['', 'process.exit(0);']) {
    const body = `const log = openLog('info');
      for (let i = 0; i < 500; i += 1) log.info({ i }, 'line ' + i);
      log.debug({}, 'not asked for');
      ${end}`;
    const { stdout } = await promisify(execFile)(process.execPath, program(body));
    assert.deepEqual(
      messages(stdout),
      Array.from({ length: 500 }, (_, i) => `line ${i}`),
    );
  }
});

test('a process that throws has written what it had to say before', async () => {
  const body = `const log = openLog('info'); log.info({}, 'before'); throw new Error('broken');`;
  const failure: unknown = await promisify(execFile)(process.execPath, program(body)).catch(
    (error: unknown) => error,
  );
  assert.ok(failure instanceof Error && 'stdout' in failure);
  assert.deepEqual(messages(String(failure.stdout)), ['before']);
});

test('a warning is written at once, with all that came before it, though the process never comes to rest', async () => {
  const body = `const log = openLog('info');
    log.info({}, 'first'); log.warn({ error: new Error('cause') }, 'second'); log.info({}, 'third');
    process.kill(process.pid, 'SIGKILL');`;
  const child = spawn(process.execPath, program(body), { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await new Promise((resolve) => child.once('close', resolve));
  assert.deepEqual(messages(output), ['first', 'second']);
  assert.match(output, /"error":\{"type":"Error","message":"cause"/);
});

test('a line that only informs comes by itself, without another one and without an end', async () => {
  const body = `openLog('info').info({}, 'alone'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, program(body), { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await new Promise((resolve) =>
      child.stdout.once('data', (data: Buffer) => resolve([data])),
    )) as [Buffer];
    assert.deepEqual(messages(String(line)), ['alone']);
  } finally {
    child.kill('SIGKILL');
  }
});
