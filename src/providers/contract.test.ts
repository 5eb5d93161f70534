import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { startProviderBench } from '../../test/kit/provider-bench.ts';
import { cases } from './contract-cases.ts';
import type { Facts, Part } from './contract-cases.ts';
import { providers, registrations } from './registry.ts';

/**
 * One contract for all providers, each over its simulator, real HTTP, the real client and a real object store.
 * A provider is picked up from the registry; what it cannot do it names below, and the table of
 * docs/providers/contract.md says it. `UPDATE_DOCS=1` writes that table anew.
 */

const facts: Record<string, Facts> = {
  kling: {
    inputs: 'bare',
    // 5001 may follow an accepted create, so the task is looked up instead.
    overloaded: 'unknown',
    // A used-up resource pack is a matter of money (1102).
    quota: 'billing',
    native: { prompt: 'a paper boat', resolution: '1k', aspect_ratio: '1:1' },
    refusedOutput: 'content',
    takesOurId: true,
    tokens: false,
    links: true,
  },
  ark: {
    inputs: 'data URI',
    overloaded: 'throttled',
    quota: 'quota',
    native: { prompt: 'a paper boat', size: '2048x2048' },
    refusedOutput: 'content',
    takesOurId: false,
    tokens: true,
    links: true,
  },
  gemini: {
    inputs: 'bare',
    overloaded: 'overloaded',
    quota: 'quota',
    native: {
      contents: [{ parts: [{ text: 'a paper boat' }] }],
      generation_config: { response_modalities: ['IMAGE'], image_config: { image_size: '1K' } },
    },
    refusedOutput: 'content',
    takesOurId: false,
    tokens: true,
    links: false,
  },
  zai: {
    inputs: undefined,
    overloaded: 'throttled',
    quota: 'quota',
    native: { prompt: 'a paper boat', size: '1280x1280' },
    // FAIL says no reason.
    refusedOutput: 'failed',
    takesOurId: true,
    tokens: false,
    links: true,
  },
  openai: {
    inputs: 'file',
    // A plain 503, of which nothing is documented.
    overloaded: 'unknown',
    // No credit left.
    quota: 'billing',
    native: undefined,
    refusedOutput: 'content',
    takesOurId: false,
    tokens: true,
    links: false,
    isModelUnsaid: true,
    isMissingUnsaid: true,
  },
};

const failed = 'FAILED';
const table = new Map<string, Map<string, string>>(cases.map(({ name }) => [name, new Map()]));

for (const { provider, startSimulator } of registrations) {
  const own = facts[provider.name];
  assert.ok(own !== undefined, `say in this file what is true of ${provider.name}`);
  const scripts: Record<string, unknown> = await import(`./${provider.name}/simulator-scripts.ts`);
  const triggers = Object.entries(scripts).find(([name]) => /triggers$/i.test(name))?.[1];
  const part: Part = {
    provider,
    triggers: Object.keys(Object(triggers)),
    facts: own,
    exposes: new Set(Object.keys(provider.cards[0]?.parameters ?? {})),
    imagesPerCall: provider.cards[0]?.imagesPerCall ?? 1,
  };
  for (const { name, cannot, run } of cases) {
    const reason = cannot?.(part);
    if (reason !== undefined) {
      table.get(name)?.set(provider.name, reason);
      continue;
    }
    test(`${provider.name}: ${name}`, { timeout: 20_000 }, async (t) => {
      const bench = await startProviderBench(t, provider, startSimulator);
      await run(bench, part);
      const { apiKey, secretKey } = bench.simulator.credential;
      for (const secret of [apiKey, ...(secretKey === undefined ? [] : [secretKey])]) {
        assert.ok(!bench.heard().includes(secret), 'a credential was logged or raised');
      }
      table.get(name)?.set(provider.name, 'pass');
    });
  }
}

test('the table of the contract is the one that is documented', async (t) => {
  const text = tableText();
  t.diagnostic(`\n${text}`);
  assert.ok(!text.includes(failed), 'not every case has passed, so there is no table to compare');
  const file = path.resolve(import.meta.dirname, '../../docs/providers/contract.md');
  if (process.env['UPDATE_DOCS'] === '1') {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const documented = await readFile(file, 'utf8').catch(() => '');
  assert.equal(documented, text, 'docs/providers/contract.md differs; UPDATE_DOCS=1 writes it anew');
});

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** The table as Markdown; the reasons stand below it. */
function tableText(): string {
  const names = providers.map(({ name }) => name);
  const reasons: string[] = [];
  const cell = (text: string | undefined): string => {
    if (text === undefined) return failed;
    if (text === 'pass') return text;
    if (!reasons.includes(text)) reasons.push(text);
    return `no (${reasons.indexOf(text) + 1})`;
  };
  const rows = [...table].map(([name, results]) => [
    name,
    ...names.map((provider) => cell(results.get(provider))),
  ]);
  return [
    '# What every provider does the same',
    '',
    'Written by `src/providers/contract.test.ts`, which runs each case over each provider, its simulator and real HTTP.',
    'Do not edit: `UPDATE_DOCS=1 node --test src/providers/contract.test.ts` writes it anew.',
    '',
    line(['case', ...names]),
    line(['---', ...names.map(() => '---')]),
    ...rows.map(line),
    '',
    ...reasons.map((reason, place) => `${place + 1}. ${reason}`),
    '',
  ].join('\n');
}
