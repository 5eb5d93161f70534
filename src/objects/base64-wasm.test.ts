import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

/** Apart from the tests of what it does, which load it: `UPDATE_WASM=1` makes it anew whatever it was. */
test('base64.wasm is what base64.wat says', async () => {
  // wabt takes a string's characters for bytes.
  const text = readFileSync(new URL('base64.wat', import.meta.url), 'latin1');
  const file = new URL('base64.wasm', import.meta.url);
  const assembler = await wabt();
  const { buffer } = assembler.parseWat('base64.wat', text, { simd: true }).toBinary({});
  if (process.env['UPDATE_WASM'] === '1') writeFileSync(file, buffer);
  assert.ok(readFileSync(file).equals(buffer), 'run UPDATE_WASM=1 npm test -- src/objects/base64-wasm');
});

// A mistake of V8 is a damaged picture. It has two compilers, and other instructions for processors without AVX.
for (const compiler of ['--liftoff-only', '--no-liftoff']) {
  test(`base64 is right on an older x64 as well, with ${compiler}`, () => {
    const tests = fileURLToPath(new URL('simd-base64.test.ts', import.meta.url));
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const run = spawnSync(process.execPath, ['--no-enable-avx', compiler, tests], { env, encoding: 'utf8' });
    assert.equal(run.status, 0, run.stdout + run.stderr);
  });
}
