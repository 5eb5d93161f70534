import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { startArkSimulator } from '../../src/providers/ark/simulator.ts';
import { startGeminiSimulator } from '../../src/providers/gemini/simulator.ts';
import type { Simulator } from '../../src/sandbox/kit.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { startGatewayProcess, type GatewayProcess } from '../kit/gateway-process.ts';
import { startTestGateway, type Answered, type TestGateway } from '../kit/gateway.ts';
import { openDatabase } from '../kit/open-database.ts';
import { temporaryFolder } from '../kit/temporary-folder.ts';
import { until } from '../kit/until.ts';

const create = '/v1/images/generations';

interface Scene {
  dataDir: string;
  simulator: Simulator;
  first: GatewayProcess;
  /** Nobody can write records while the work runs. */
  whileLocked(work: () => Promise<void>): Promise<void>;
  /** The gateway that comes after. */
  next(): Promise<TestGateway>;
}

async function setScene(
  t: TestContext,
  live: { model: string; provider: string; start: typeof startArkSimulator },
): Promise<Scene> {
  const dataDir = await temporaryFolder(t);
  const simulator = await live.start({ draw: fastDraw, delayMs: 5 });
  t.after(() => simulator.close());
  const first = await startGatewayProcess(dataDir, [{ ...live, simulator }]);
  t.after(() => first.kill());
  return {
    dataDir,
    simulator,
    first,
    async whileLocked(work) {
      const other = openDatabase(path.join(dataDir, 'easel.db'));
      try {
        other.exec('begin immediate');
        await work();
      } finally {
        other.close();
      }
    },
    async next() {
      const easel = await startTestGateway({
        dataDir,
        env: {
          EASEL_CONFIG: path.join(dataDir, 'routes.json'),
          [`TEST_${live.provider.toUpperCase()}_KEY`]: simulator.credential.apiKey,
        },
      });
      t.after(() => easel.close());
      return easel;
    },
  };
}

async function published(dataDir: string): Promise<string[]> {
  const entries = await readdir(path.join(dataDir, 'objects'), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.startsWith('img_'))
    .map((entry) => entry.name);
}

async function recordsOf(easel: TestGateway): Promise<Answered> {
  await until(
    async () => (await easel.ask('GET', '/v1/images?status=in_progress')).at('data.0') === undefined,
  );
  return await easel.ask('GET', '/v1/images');
}

test('pictures inside an answer that were on the disk when the process was killed are found again', async (t) => {
  const scene = await setScene(t, {
    model: 'nano-banana-pro',
    provider: 'gemini',
    start: startGeminiSimulator,
  });
  const { control } = scene.simulator;
  control.inject({ on: 'submit', kind: 'late', byMs: 1000, times: 2 });
  const asked = scene.first.post(create, { model: 'nano-banana-pro', prompt: 'a lighthouse', n: 2 });
  asked.catch(() => {});
  await until(() => control.requests().length === 2);
  await scene.whileLocked(async () => {
    await until(async () => (await published(scene.dataDir)).length === 2);
    await scene.first.kill();
  });
  await assert.rejects(asked);

  const records = await recordsOf(await scene.next());
  assert.equal(records.at('data.0.status'), 'completed', records.text);
  assert.deepEqual(records.at('data.0.failed_images'), []);
  const kept = [records.at('data.0.images.0.sha256'), records.at('data.0.images.1.sha256')];
  assert.deepEqual(
    kept.map(String).sort(),
    control
      .ledger()
      .map(({ sha256 }) => sha256)
      .sort(),
  );
});

test('a picture whose call was written down as done when the process was killed, as versions before did, is found again', async (t) => {
  const scene = await setScene(t, {
    model: 'nano-banana-pro',
    provider: 'gemini',
    start: startGeminiSimulator,
  });
  const { control } = scene.simulator;
  // The process does not live to see the end of the record.
  const other = openDatabase(path.join(scene.dataDir, 'easel.db'));
  t.after(() => other.close());
  other.exec(
    `create trigger no_end before update of status on generations begin select raise(abort, 'no end'); end`,
  );
  const asked = scene.first.post(create, { model: 'nano-banana-pro', prompt: 'a lighthouse' });
  asked.catch(() => {});
  await until(async () => (await published(scene.dataDir)).length === 1);
  await scene.first.kill();
  other.exec(`drop trigger no_end; update calls set state = 'done'`);

  const records = await recordsOf(await scene.next());
  assert.equal(records.at('data.0.status'), 'completed', records.text);
  assert.equal(records.at('data.0.images.0.sha256'), control.ledger()[0]?.sha256);
  assert.equal(control.ledger().length, 1);
});

test('a picture that was fetched when the process was killed is found again, although its link is gone', async (t) => {
  const scene = await setScene(t, { model: 'seedream-4.5', provider: 'ark', start: startArkSimulator });
  const { control } = scene.simulator;
  control.inject({ on: 'download', kind: 'late', byMs: 1000 });
  const asked = scene.first.post(create, { model: 'seedream-4.5', prompt: 'a lighthouse' });
  asked.catch(() => {});
  await until(() => control.requests().some(({ on }) => on === 'download'));
  await scene.whileLocked(async () => {
    await until(async () => (await published(scene.dataDir)).length === 1);
    await scene.first.kill();
  });
  await assert.rejects(asked);
  control.inject({ on: 'download', kind: 'expired', times: 1000 });

  const records = await recordsOf(await scene.next());
  assert.equal(records.at('data.0.status'), 'completed', records.text);
  assert.equal(records.at('data.0.images.0.sha256'), control.ledger()[0]?.sha256);
  assert.equal(control.ledger().length, 1);
});

test('a download that was cut off by the kill is fetched again', async (t) => {
  const scene = await setScene(t, { model: 'seedream-4.5', provider: 'ark', start: startArkSimulator });
  const { control } = scene.simulator;
  control.inject({ on: 'download', kind: 'hang-after' });
  const asked = scene.first.post(create, { model: 'seedream-4.5', prompt: 'a lighthouse' });
  asked.catch(() => {});
  await until(() => control.requests().some(({ on }) => on === 'download'));
  await scene.first.kill();
  await assert.rejects(asked);

  const records = await recordsOf(await scene.next());
  assert.equal(records.at('data.0.status'), 'completed', records.text);
  assert.equal(records.at('data.0.images.0.sha256'), control.ledger()[0]?.sha256);
  assert.equal(control.ledger().length, 1);
});

test('a group that was being fetched when the process was killed misses nothing it never had', async (t) => {
  const scene = await setScene(t, { model: 'seedream-4.5', provider: 'ark', start: startArkSimulator });
  const { control } = scene.simulator;
  control.inject({ on: 'download', kind: 'hang-after', times: 2 });
  const asked = scene.first.post(create, {
    model: 'seedream-4.5',
    prompt: 'a day in pictures sim:fewer:2',
    sequential_image_generation: 'auto',
    sequential_image_generation_options: { max_images: 5 },
  });
  asked.catch(() => {});
  await until(() => control.requests().filter(({ on }) => on === 'download').length === 2);
  await scene.first.kill();
  await assert.rejects(asked);

  const records = await recordsOf(await scene.next());
  assert.equal(records.at('data.0.status'), 'completed', records.text);
  assert.equal(records.at('data.0.images.1.sha256'), control.ledger()[1]?.sha256);
  assert.deepEqual(records.at('data.0.failed_images'), []);
});
