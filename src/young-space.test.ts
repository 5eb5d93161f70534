import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const module = new URL('./young-space.ts', import.meta.url).href;

test('the young space has one size, whatever is made in it', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    `import { getHeapSpaceStatistics } from 'node:v8';
     import { setYoungSpace } from ${JSON.stringify(module)};
     const bytes = () => getHeapSpaceStatistics().find((one) => one.space_name === 'new_space').space_size;
     setYoungSpace();
     const first = bytes();
     let kept = [];
     for (let i = 0; i < 500_000; i += 1) kept.push({ i });
     console.log(JSON.stringify([first, bytes()]));`,
  ]);
  assert.deepEqual(JSON.parse(stdout), [8 * 1024 * 1024, 8 * 1024 * 1024]);
});
