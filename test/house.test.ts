import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './kit/temporary-folder.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

interface Manifest {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}
const manifest = JSON.parse(read('package.json')) as Manifest;

/** Our files by path from the root: what a clone holds, and what is about to be added. */
function ourFiles(): string[] {
  const neverOurs = new Set(['node_modules', '.runtime', '.git', 'data', 'dist', 'coverage']);
  const exclude = (name: string) => neverOurs.has(path.basename(name));
  return globSync('**/*.*', { cwd: root, exclude }).concat(globSync('.*/*', { cwd: root, exclude }));
}

test('source files have kebab-case names', () => {
  const sources = ourFiles().filter((file) =>
    /^(src|test|bench|bootstrap|console)\b.*\.(ts|tsx|mjs)$/.test(file),
  );
  assert.ok(sources.length > 50);
  const odd = sources.filter((file) => !/^[a-z0-9]+([-.][a-z0-9]+)*$/.test(path.basename(file)));
  assert.deepEqual(odd, []);
});

test('no file names a folder of the machine it was written on', () => {
  const texts = ourFiles().filter((file) =>
    /\.(ts|tsx|mjs|json|jsonc|md|html|css|sql|sh|yml|yaml)$|^\.ci\//.test(file),
  );
  const odd: string[] = [];
  for (const file of texts) {
    const found = /(?<![\w.])\/(work|root|home\/\w+|Users\/\w+)\/\w/.exec(read(file));
    if (found !== null) odd.push(`${file}: ${found[0]}`);
  }
  assert.deepEqual(odd, []);
});

test('every npm script becomes its program, so that npm passes signals to it', () => {
  for (const [name, script] of Object.entries(manifest.scripts)) {
    assert.match(script, /^exec node bootstrap\/run\.mjs (src|test|bench|console)\/\S+\.ts\b/, name);
  }
});

test('docs/decisions/dependencies.md gives a reason for every dependency, and for no other', () => {
  const named = [...read('docs/decisions/dependencies.md').matchAll(/^\| `(\S+)` \| (.+) \| (.+) \|$/gm)];
  const inDocument = named.map((row) => row[1] ?? '').toSorted();
  const inManifest = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).toSorted();
  assert.deepEqual(inDocument, inManifest);
});

test('the lockfile holds the packages of every platform', () => {
  // npm writes a lockfile without those that the registry did not have at the time; npm ci then fails everywhere.
  interface Locked {
    optionalDependencies?: Record<string, string>;
  }
  const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, Locked> };
  const names = new Set(Object.keys(packages).map((key) => key.replace(/^.*node_modules\//, '')));
  const missing: string[] = [];
  for (const [key, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const name of Object.keys(optionalDependencies))
      if (!names.has(name)) missing.push(`${key}: ${name}`);
  }
  assert.deepEqual(missing, []);
});

describe('the linter', () => {
  /** Who may import whom; a provider stands for any folder of providers/. */
  const mayImport: Record<string, string[]> = {
    core: [],
    upstream: ['core'],
    'providers/one': ['core', 'upstream'],
    records: ['core'],
    objects: ['core'],
    metrics: ['core'],
    sandbox: ['core'],
    generation: ['core', 'upstream'],
    http: ['core', 'generation'],
    cli: ['compose', 'core', 'config'],
  };
  const places: Record<string, string> = {
    config: 'config/thing.ts',
    core: 'core/thing.ts',
    generation: 'generation/thing.ts',
    'providers/one': 'providers/one/thing.ts',
    'providers/two': 'providers/two/thing.ts',
    upstream: 'upstream/thing.ts',
    records: 'records/thing.ts',
    objects: 'objects/thing.ts',
    metrics: 'metrics/thing.ts',
    http: 'http/thing.ts',
    sandbox: 'sandbox/thing.ts',
    cli: 'cli/thing.ts',
    compose: 'compose.ts',
    main: 'main.ts',
  };

  /** Files to plant, by path from src/. Filled by the cases below before the one run of the linter. */
  const planted: Record<string, string> = {};
  for (const place of Object.values(places)) planted[place] = `export const thing = 1;\n`;
  const plant = (file: string, source: string) => {
    planted[file] = source;
    return file;
  };
  const importing = (from: string, target: string) => {
    const name = `${from}/imports-${target.replaceAll('/', '-')}.ts`;
    const specifier = path.posix.relative(path.posix.dirname(name), target);
    return plant(name, `import { thing } from '${specifier}';\nexport const twice = thing * 2;\n`);
  };

  const forbidden: [string, string][] = [];
  const allowed: [string, string][] = [];
  for (const [from, targets] of Object.entries(mayImport)) {
    for (const [target, place] of Object.entries(places)) {
      if (target === from) continue;
      const cases = targets.includes(target) ? allowed : forbidden;
      cases.push([`${from} importing ${target}`, importing(from, place)]);
      if (!from.includes('/') && from !== 'core') {
        cases.push([`a folder of ${from} importing ${target}`, importing(`${from}/deep`, place)]);
      }
    }
  }
  plant('sandbox/kit.ts', `export const thing = 1;\n`);
  const simulator = 'providers/one/simulator';
  allowed.push([
    'a simulator importing the kit',
    plant(
      `${simulator}-kit.ts`,
      `import { thing } from '../../sandbox/kit.ts';\nexport const twice = thing * 2;\n`,
    ),
  ]);
  forbidden.push([
    'a simulator importing the adapter it stands against',
    plant(
      `${simulator}-cheat.ts`,
      `import { thing } from './request.ts';\nexport const twice = thing * 2;\n`,
    ),
  ]);
  plant('providers/one/request.ts', `export const thing = 1;\n`);

  const useThing = 'export const twice = thing * 2;';
  forbidden.push(
    [
      'the console importing generation, if only its types',
      plant(
        '../console/src/types-of-generation.ts',
        `import type { thing } from '../../src/generation/thing.ts';\nexport type Thing = typeof thing;\n`,
      ),
    ],
    [
      'the console importing what http does',
      plant('../console/src/values.ts', `import { thing } from '../../src/http/thing.ts';\n${useThing}\n`),
    ],
  );
  allowed.push([
    'the console importing the types of http',
    plant(
      '../console/src/types-of-http.ts',
      `import type { thing } from '../../src/http/thing.ts';\nexport type Thing = typeof thing;\n`,
    ),
  ]);

  const others: [string, string, string][] = [
    [
      'the environment read outside config/load.ts',
      'node(no-process-env)',
      plant('http/environment.ts', `export const port = process.env['PORT'];\n`),
    ],
    [
      'a cycle',
      'import(no-cycle)',
      plant('core/egg.ts', `import { hen } from './hen.ts';\nexport const egg = (): number => hen() + 1;\n`),
    ],
    [
      'a floating promise',
      'typescript(no-floating-promises)',
      plant(
        'core/floating.ts',
        `const work = async () => 1;\nexport function start(): void {\n  work();\n}\n`,
      ),
    ],
    [
      'a switch that forgets a case',
      'typescript(switch-exhaustiveness-check)',
      plant(
        'core/switch.ts',
        `export function size(shape: { kind: 'dot' } | { kind: 'box'; side: number }): number {
  switch (shape.kind) {
    case 'dot':
      return 0;
  }
  return 1;
}
`,
      ),
    ],
    [
      'any',
      'typescript(no-explicit-any)',
      plant('core/any.ts', `export const read = (value: any) => value;\n`),
    ],
    [
      'a default export',
      'import(no-default-export)',
      plant('core/default.ts', `const one = 1;\nexport default one;\n`),
    ],
  ];
  plant('core/hen.ts', `import { egg } from './egg.ts';\nexport const hen = (): number => egg() - 1;\n`);
  allowed.push([
    'the environment read in config/load.ts',
    plant('config/load.ts', `export const environment = process.env;\n`),
  ]);

  let found: Map<string, string[]> | undefined;
  /** Runs the linter once over all that was planted: rule names by path from src/. */
  async function lint(t: TestContext): Promise<Map<string, string[]>> {
    if (found !== undefined) return found;
    const folder = await plantTree(t, planted);
    cpSync(path.join(root, '.oxlintrc.json'), path.join(folder, '.oxlintrc.json'));
    const run = spawnSync(tool('oxlint'), ['--format=json'], { cwd: folder, encoding: 'utf8', env: toolEnv });
    const { diagnostics } = JSON.parse(run.stdout) as { diagnostics: { code: string; filename: string }[] };
    found = new Map();
    for (const { code, filename } of diagnostics) {
      const file = path.relative('src', filename);
      found.set(file, [...(found.get(file) ?? []), code]);
    }
    return found;
  }

  test('reports every import the layers forbid', async (t) => {
    const rules = await lint(t);
    const missed = forbidden.filter(
      ([, file]) => !rules.get(file)?.includes('eslint(no-restricted-imports)'),
    );
    assert.deepEqual(
      missed.map(([name]) => name),
      [],
    );
    assert.ok(forbidden.length > 100);
  });

  test('lets the imports pass that the layers allow', async (t) => {
    const rules = await lint(t);
    const wrong = allowed
      .filter(([, file]) => rules.has(file))
      .map(([name, file]) => `${name}: ${rules.get(file)?.join()}`);
    assert.deepEqual(wrong, []);
    assert.ok(allowed.length > 15);
  });

  for (const [name, rule, file] of others) {
    test(`reports ${name}`, async (t) => {
      assert.deepEqual((await lint(t)).get(file), [rule]);
    });
  }
});

test('knip reports a file, an export and a dependency that nobody uses', async (t) => {
  const folder = await plantTree(t, {
    'main.ts': `import { used } from './core/used.ts';\nconsole.log(used);\n`,
    'core/used.ts': `export const used = 1;\nexport const unused = 2;\n`,
    'core/lost.ts': `export const lost = 1;\n`,
  });
  cpSync(path.join(root, 'knip.jsonc'), path.join(folder, 'knip.jsonc'));
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ type: 'module', dependencies: { ulid: '3.0.2' } }),
  );
  const run = spawnSync(tool('knip'), ['--no-progress', '--reporter=compact'], {
    cwd: folder,
    encoding: 'utf8',
    env: toolEnv,
  });
  assert.match(run.stdout, /core\/lost\.ts/);
  assert.match(run.stdout, /core\/used\.ts: unused/);
  assert.match(run.stdout, /ulid/);
  assert.doesNotMatch(run.stdout, /main\.ts/);
});

const toolEnv = {
  ...process.env,
  PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env['PATH'] ?? ''}`,
};

function tool(name: string): string {
  return path.join(root, 'node_modules', '.bin', name);
}

/** A repository of our settings with these files under src/. */
async function plantTree(t: TestContext, files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder(t);
  for (const [name, source] of Object.entries(files)) {
    const file = path.join(folder, 'src', name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, source);
  }
  cpSync(path.join(root, 'tsconfig.json'), path.join(folder, 'tsconfig.json'));
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
}
