import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { groupMembers } from '../runner/processes.ts';
import { startNpmRegistry, type NpmRegistry } from './npm-registry.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

/**
 * A small repository with our bootstrap, its own packages and its own registry. The Node that its registry holds is
 * a script that starts the present one, and an old Node is the present one that says it is old: the bootstrap asks
 * nothing but the number.
 */
export interface BootstrapProject {
  folder: string;
  registry: NpmRegistry;
  /** Rewrites package.json and the lockfile; a name maps to a version the registry holds. */
  setPackages(dependencies: Record<string, string>, devDependencies: Record<string, string>): void;
  /** Starts `node bootstrap/run.mjs …` as the Node of that version would. */
  run(nodeVersion: string, ...args: string[]): Started;
  /** Starts `npm start`, whose script is the same with src/main.ts. */
  npmStart(nodeVersion: string): Started;
}

/** A started process, the leader of its own group. */
export interface Started {
  child: ChildProcess;
  /** The process group, for `process.kill(-group, signal)`. */
  group: number;
  stdout(): string;
  stderr(): string;
  /** The exit code, or the name of the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
  /** Resolves when nothing of the process group runs any more. */
  gone(): Promise<void>;
}

const ours = fileURLToPath(new URL('../../bootstrap', import.meta.url));

/** The version of the Node in the project's registry. */
export const fetchedVersion = '24.99.0';

const programs = {
  // Prints what a program can see of how it was started.
  'src/show.ts': `const { argv, env, execPath } = process;
    console.log(JSON.stringify({ args: argv.slice(2), script: argv[1], npm: Object.keys(env).filter((name) => /^npm_/i.test(name)) }));`,
  'src/exit.ts': `process.exit(Number(process.argv[2]));`,
  'src/crash.ts': `process.kill(process.pid, 'SIGSEGV'); setInterval(() => {}, 1000);`,
  // A gateway's manners: takes its time to stop, and takes a repeated signal as the same stop.
  'src/main.ts': `let isStopping = false;
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => {
      if (isStopping) return;
      isStopping = true;
      console.log('stopping');
      setTimeout(() => { console.log('closed'); process.exit(0); }, 150);
    });
    setInterval(() => {}, 1000);
    console.log('up ' + process.pid + ' under ' + process.ppid);`,
  'test/probe.ts': `import 'tool'; console.log('tool is here');`,
};

/** What of vite the bootstrap uses: a page that says what it was made of, or no page. */
const builder = `const fs = require('node:fs');
  exports.build = async ({ configFile, build: { outDir } }) => {
    const text = fs.readFileSync(configFile, 'utf8');
    if (text === 'broken') throw new Error('cannot read ' + configFile);
    fs.mkdirSync(outDir, { recursive: true });
    fs.writeFileSync(outDir + '/index.html', text + ' ' + process.env.NODE_ENV + ' ' + Date.now());
  };`;

/** Makes the repository with one package to run and one to develop with; ends with the test. */
export async function makeBootstrapProject(t: TestContext): Promise<BootstrapProject> {
  const folder = await temporaryFolder(t);
  const registry = await startNpmRegistry();
  t.after(() => registry.close());
  cpSync(ours, path.join(folder, 'bootstrap'), { recursive: true });
  for (const [name, text] of Object.entries(programs)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }

  const script = `#!/bin/sh\nexec '${process.execPath}' "$@"\n`;
  const integrity = registry.publish('some-node', fetchedVersion, {
    'package/readme.txt': 'x'.repeat(1000),
    'package/bin/node': script,
  });
  const runtime = { package: 'some-node', version: fetchedVersion, megabytes: 1, integrity };
  const runtimes = { [`${process.platform}-${process.arch}`]: runtime };
  writeFileSync(path.join(folder, 'bootstrap', 'runtimes.json'), JSON.stringify(runtimes));

  const integrities = new Map([
    ['library', registry.publish('library', '1.0.0', { 'package/index.js': '' })],
    ['tool', registry.publish('tool', '1.0.0', { 'package/index.js': '' })],
    ['other', registry.publish('other', '1.0.0', { 'package/index.js': '' })],
    ['vite', registry.publish('vite', '1.0.0', { 'package/index.js': builder })],
  ]);

  const env = {
    ...process.env,
    PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env['PATH'] ?? ''}`,
    npm_config_registry: registry.url,
    npm_config_cache: path.join(folder, 'npm-cache'),
    npm_config_userconfig: path.join(folder, 'odd-npmrc'),
    // What would go wrong if npm's settings were taken as they come.
    npm_config_dry_run: 'true',
    npm_config_omit: 'optional',
    NODE_ENV: 'production',
  };
  writeFileSync(
    env.npm_config_userconfig,
    'nodedir=/usr\nomit-lockfile-registry-resolved=true\nloglevel=silent\n',
  );

  const begin = (command: string, args: string[], extra: Record<string, string> = {}): Started => {
    const child = spawn(command, args, {
      cwd: folder,
      env: { ...env, ...extra },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const texts = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (texts.stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.stderr += chunk));
    const group = child.pid ?? 0;
    const isAlive = () => groupMembers(group).length > 0;
    t.after(() => {
      if (isAlive()) process.kill(-group, 'SIGKILL');
    });
    return {
      child,
      group,
      stdout: () => texts.stdout,
      stderr: () => texts.stderr,
      ended: once(child, 'close').then(
        ([code, signal]: (number | NodeJS.Signals | null)[]) => code ?? signal ?? -1,
      ),
      gone: () => until(() => !isAlive(), 60_000),
    };
  };
  const pretend = (version: string) => {
    const file = path.join(folder, `node-${version}.cjs`);
    const versions = `{ ...process.versions, node: '${version}' }`;
    writeFileSync(
      file,
      `Object.defineProperty(process, 'versions', { value: ${versions} });
       Object.defineProperty(process, 'version', { value: 'v${version}' });`,
    );
    return file;
  };

  const project: BootstrapProject = {
    folder,
    registry,
    setPackages(dependencies, devDependencies) {
      const packages: Record<string, object> = { '': { dependencies, devDependencies } };
      for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
        const dev = name in devDependencies ? { dev: true } : {};
        packages[`node_modules/${name}`] = { version, integrity: integrities.get(name), ...dev };
      }
      const manifest = {
        type: 'module',
        scripts: { start: 'exec node -r "$PRETEND" bootstrap/run.mjs src/main.ts' },
        dependencies,
        devDependencies,
      };
      writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
      const lockfile = { lockfileVersion: 3, requires: true, packages };
      writeFileSync(path.join(folder, 'package-lock.json'), JSON.stringify(lockfile));
    },
    run(version, ...args) {
      return begin(process.execPath, ['-r', pretend(version), 'bootstrap/run.mjs', ...args]);
    },
    npmStart: (version) => begin('npm', ['start'], { PRETEND: pretend(version) }),
  };
  project.setPackages({ library: '1.0.0' }, { tool: '1.0.0' });
  return project;
}
