import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fetchedVersion, makeBootstrapProject, type BootstrapProject } from '../kit/bootstrap-project.ts';
import { until } from '../kit/until.ts';

const oldNode = '18.0.0';
const goodNode = '24.0.0';

function has(project: BootstrapProject, ...parts: string[]): boolean {
  return existsSync(path.join(project.folder, ...parts));
}

function leftovers(project: BootstrapProject): string[] {
  return readdirSync(path.join(project.folder, '.runtime')).filter((name) => name.startsWith('work-'));
}

/** A project with a console of two files, and with something that builds it. */
async function makeConsoleProject(t: TestContext): Promise<BootstrapProject> {
  const project = await makeBootstrapProject(t);
  project.setPackages({ library: '1.0.0', vite: '1.0.0' }, { tool: '1.0.0' });
  const folder = path.join(project.folder, 'console');
  mkdirSync(path.join(folder, 'src'), { recursive: true });
  writeFileSync(path.join(folder, 'index.html'), 'page');
  writeFileSync(path.join(folder, 'vite.config.ts'), 'settings');
  writeFileSync(path.join(folder, 'src', 'main.tsx'), 'main');
  return project;
}

function pageOf(project: BootstrapProject): string {
  return readFileSync(path.join(project.folder, 'console', 'dist', 'index.html'), 'utf8');
}

function archivesFetched(project: BootstrapProject): string[] {
  return project.registry.requests.filter((request) => request.endsWith('.tgz'));
}

describe('preparing', { concurrency: true }, () => {
  test('an old Node fetches the pinned one and the packages once, and then nothing', async (t) => {
    const project = await makeBootstrapProject(t);
    const first = project.run(oldNode, 'src/show.ts', 'one', '--two');
    assert.equal(await first.ended, 0, first.stderr());
    assert.deepEqual(JSON.parse(first.stdout()), {
      args: ['one', '--two'],
      script: path.join(project.folder, 'src/show.ts'),
      npm: [],
    });
    assert.equal(
      first.stderr(),
      `Fetching Node ${fetchedVersion} (1 MB), once…\nInstalling packages, until the lockfile changes…\n`,
    );
    assert.deepEqual(archivesFetched(project), ['/some-node.tgz', '/library.tgz']);

    const before = project.registry.requests.length;
    const second = project.run(oldNode, 'src/show.ts');
    assert.equal(await second.ended, 0);
    assert.equal(second.stderr(), '');
    assert.equal(project.registry.requests.length, before);
    assert.deepEqual(leftovers(project), []);
  });

  test('a Node that is new enough is used as it is', async (t) => {
    const project = await makeBootstrapProject(t);
    const started = project.run(goodNode, 'src/exit.ts', '7');
    assert.equal(await started.ended, 7);
    assert.deepEqual(archivesFetched(project), ['/library.tgz']);
  });

  test('a Node that is too old to fetch another gets one line', async (t) => {
    const project = await makeBootstrapProject(t);
    const started = project.run('16.20.2', 'src/show.ts');
    assert.equal(await started.ended, 1);
    assert.match(started.stderr(), /^Easel needs Node 18 or newer .* v16\.20\.2\.\n$/);
    assert.deepEqual(project.registry.requests, []);
  });

  test('a machine no Node can be fetched for is told to install one', async (t) => {
    const project = await makeBootstrapProject(t);
    writeFileSync(path.join(project.folder, 'bootstrap', 'runtimes.json'), '{}');
    const started = project.run(oldNode, 'src/show.ts');
    assert.equal(await started.ended, 1);
    assert.match(started.stderr(), /^No Node can be fetched for \S+\. Install Node 24 or newer .*\n$/);
  });

  test('another file under the name of the pinned Node is not used', async (t) => {
    const project = await makeBootstrapProject(t);
    project.registry.publish('some-node', fetchedVersion, { 'package/bin/node': '#!/bin/sh\necho gotcha\n' });
    const started = project.run(oldNode, 'src/show.ts');
    assert.equal(await started.ended, 1);
    assert.match(started.stderr(), /is not the file pinned in bootstrap\/runtimes\.json/);
    assert.equal(started.stdout(), '');
    assert.deepEqual(readdirSync(path.join(project.folder, '.runtime')), []);
  });

  test('the console is built once, and again when a source of it has changed', async (t) => {
    const project = await makeConsoleProject(t);
    const built = async () => {
      const started = project.run(goodNode, 'src/main.ts');
      await until(() => started.stdout().includes('up '), 20_000);
      started.child.kill('SIGTERM');
      assert.equal(await started.ended, 0);
      return { page: pageOf(project), told: started.stderr() };
    };
    const first = await built();
    assert.match(first.page, /^settings production \d+$/);
    assert.match(first.told, /^Building the console, until its sources change…$/m);
    assert.deepEqual(await built(), { page: first.page, told: '' });
    writeFileSync(path.join(project.folder, 'console', 'src', 'main.tsx'), 'other');
    const second = await built();
    assert.notEqual(second.page, first.page);
    assert.match(second.told, /Building the console/);
    assert.deepEqual(leftovers(project), []);
    // Only what serves it builds it.
    writeFileSync(path.join(project.folder, 'console', 'src', 'main.tsx'), 'another');
    const command = project.run(goodNode, 'src/show.ts');
    assert.equal(await command.ended, 0);
    assert.deepEqual([pageOf(project), command.stderr()], [second.page, '']);
  });

  test('two first starts at once both have a console', async (t) => {
    const project = await makeConsoleProject(t);
    const both = [project.run(goodNode, 'src/main.ts'), project.run(goodNode, 'src/main.ts')];
    await until(() => both.every((started) => started.stdout().includes('up ')), 30_000);
    assert.match(pageOf(project), /^settings production/);
    assert.deepEqual(leftovers(project), []);
    for (const started of both) {
      assert.doesNotMatch(started.stderr(), /could not be built/);
      started.child.kill('SIGTERM');
      assert.equal(await started.ended, 0);
    }
  });

  test('a console that cannot be built is told in a line, and the gateway starts', async (t) => {
    const project = await makeConsoleProject(t);
    writeFileSync(path.join(project.folder, 'console', 'vite.config.ts'), 'broken');
    const started = project.run(goodNode, 'src/main.ts');
    await until(() => started.stdout().includes('up '), 20_000);
    assert.match(started.stderr(), /^The console could not be built, and Easel starts without it: /m);
    assert.equal(has(project, 'console', 'dist'), false);
    assert.deepEqual(leftovers(project), []);
    started.child.kill('SIGTERM');
    assert.equal(await started.ended, 0);
  });

  test('two first starts at once both succeed', async (t) => {
    const project = await makeBootstrapProject(t);
    const both = [project.run(oldNode, 'src/exit.ts', '0'), project.run(oldNode, 'src/exit.ts', '0')];
    for (const started of both) assert.equal(await started.ended, 0, started.stderr());
    assert.ok(has(project, 'node_modules/library/package.json'));
    assert.deepEqual(leftovers(project), []);
  });

  test('a start that was killed while fetching leaves nothing running and nothing in the way', async (t) => {
    const project = await makeBootstrapProject(t);
    project.registry.isStalling = true;
    const first = project.run(oldNode, 'src/exit.ts', '0');
    await until(() => archivesFetched(project).length > 0, 20_000);
    first.child.kill('SIGKILL');
    await first.gone();
    assert.equal(leftovers(project).length, 1);

    project.registry.isStalling = false;
    const second = project.run(oldNode, 'src/exit.ts', '0');
    assert.equal(await second.ended, 0, second.stderr());
    assert.deepEqual(leftovers(project), []);
  });

  test('development packages come with the first test run, and stay for the product', async (t) => {
    const project = await makeBootstrapProject(t);
    assert.equal(await project.run(goodNode, 'src/exit.ts', '0').ended, 0);
    assert.equal(has(project, 'node_modules/tool'), false);
    const probe = project.run(goodNode, 'test/probe.ts');
    assert.equal(await probe.ended, 0, probe.stderr());
    assert.equal(probe.stdout(), 'tool is here\n');
    const third = project.run(goodNode, 'src/exit.ts', '0');
    assert.equal(await third.ended, 0);
    assert.equal(third.stderr(), '');
  });

  test('a changed lockfile is followed', async (t) => {
    const project = await makeBootstrapProject(t);
    assert.equal(await project.run(goodNode, 'src/exit.ts', '0').ended, 0);
    project.setPackages({ other: '1.0.0' }, {});
    const started = project.run(goodNode, 'src/exit.ts', '0');
    assert.equal(await started.ended, 0, started.stderr());
    assert.deepEqual(
      [has(project, 'node_modules/other'), has(project, 'node_modules/library')],
      [true, false],
    );
  });

  test('a start after the lockfile changed takes no development packages away', async (t) => {
    const project = await makeBootstrapProject(t);
    assert.equal(await project.run(goodNode, 'test/probe.ts').ended, 0);
    project.setPackages({ other: '1.0.0' }, { tool: '1.0.0' });
    const started = project.run(goodNode, 'src/exit.ts', '0');
    assert.equal(await started.ended, 0, started.stderr());
    assert.deepEqual([has(project, 'node_modules/other'), has(project, 'node_modules/tool')], [true, true]);
  });

  test('when npm fails its words are shown, and the packages that were there still are', async (t) => {
    const project = await makeBootstrapProject(t);
    assert.equal(await project.run(goodNode, 'src/exit.ts', '0').ended, 0);
    project.setPackages({ library: '1.0.0', unknown: '3.0.0' }, {});
    const started = project.run(goodNode, 'src/exit.ts', '0');
    assert.equal(await started.ended, 1);
    assert.match(started.stderr(), /npm error 404 .*unknown/);
    assert.match(started.stderr(), /npm ci failed \(exit code 1\), see above\. Nothing was changed\.\n$/);
    assert.ok(has(project, 'node_modules/library/package.json'));
    assert.deepEqual(leftovers(project), []);
  });

  test('SIGTERM while packages are being installed stops npm too', async (t) => {
    const project = await makeBootstrapProject(t);
    assert.equal(await project.run(goodNode, 'src/exit.ts', '0').ended, 0);
    project.registry.isStalling = true;
    project.setPackages({ other: '1.0.0' }, {});
    for (const version of [goodNode, oldNode]) {
      if (version === oldNode) project.registry.isStalling = false;
      const seen = archivesFetched(project).length;
      const started = project.run(version, 'src/exit.ts', '0');
      if (version === oldNode) {
        await until(() => archivesFetched(project).includes('/some-node.tgz'), 20_000);
        project.registry.isStalling = true;
      }
      await until(() => archivesFetched(project).slice(seen).includes('/other.tgz'), 20_000);
      started.child.kill('SIGTERM');
      assert.equal(await started.ended, 'SIGTERM', started.stderr());
      await started.gone();
      assert.deepEqual(leftovers(project), []);
    }
    assert.ok(has(project, 'node_modules/library/package.json'));
  });
});

// One project for all: what runs in it changes nothing there.
test('running', { concurrency: true }, async (t) => {
  const project = await makeBootstrapProject(t);
  const first = project.run(oldNode, 'src/exit.ts', '0');
  assert.equal(await first.ended, 0, first.stderr());
  const cases: Promise<void>[] = [];

  const exits = t.test('exit codes are handed on, and a crash is told', async () => {
    for (const version of [oldNode, goodNode]) {
      assert.equal(await project.run(version, 'src/exit.ts', '42').ended, 42);
    }
    const crashed = project.run(oldNode, 'src/crash.ts');
    assert.equal(await crashed.ended, 128 + 11);
    assert.equal(crashed.stderr(), 'The program was ended by SIGSEGV.\n');
  });
  cases.push(exits);

  const stops: [string, (npm: number, bootstrap: number) => void][] = [
    ['SIGTERM to npm', (npm) => process.kill(npm, 'SIGTERM')],
    ['SIGTERM to what npm started', (_npm, bootstrap) => process.kill(bootstrap, 'SIGTERM')],
    ['SIGTERM to the whole group', (npm) => process.kill(-npm, 'SIGTERM')],
    ['Ctrl-C', (npm) => process.kill(-npm, 'SIGINT')],
  ];
  for (const version of [oldNode, goodNode]) {
    const isOld = version === oldNode;
    const under = `under ${isOld ? 'an old' : 'a good'} Node`;
    for (const [name, stop] of stops) {
      const stopping = t.test(`${name} ${under} is an orderly stop, and npm ends after it`, async () => {
        const npm = project.npmStart(version);
        await until(() => /^up .*\n/m.test(npm.stdout()), 20_000);
        const [, program, parent] = /^up (\d+) under (\d+)/m.exec(npm.stdout()) ?? [];
        stop(npm.group, Number(isOld ? parent : program));
        assert.equal(await npm.ended, 0, npm.stderr());
        assert.match(npm.stdout(), /stopping\nclosed\n$/);
        await npm.gone();
      });
      cases.push(stopping);
    }
    const killing = t.test(`what npm started ${under} stops when npm is killed`, async () => {
      const npm = project.npmStart(version);
      await until(() => npm.stdout().includes('up '), 20_000);
      npm.child.kill('SIGKILL');
      await npm.gone();
      await npm.ended;
      assert.match(npm.stdout(), /stopping\nclosed\n$/);
    });
    cases.push(killing);
  }

  const orphaning = t.test('the program stops when the bootstrap above it is killed', async () => {
    const started = project.run(oldNode, 'src/main.ts');
    await until(() => started.stdout().includes('up '), 20_000);
    started.child.kill('SIGKILL');
    await started.gone();
    await started.ended;
    assert.match(started.stdout(), /stopping\nclosed\n$/);
  });
  cases.push(orphaning);
  await Promise.all(cases);
});
