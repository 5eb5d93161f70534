import type { Command } from 'commander';
import type { KeySettings } from '../core/api-keys.ts';
import type { Catalog } from '../core/catalog.ts';
import type { ApiKey, KeyLimits } from '../core/key-store.ts';

/** What was said of a key's settings on the command line, as text. */
export interface SettingWords {
  requestsPerMinute?: string;
  imagesPerMinute?: string;
  concurrency?: string;
  budget?: string;
  currency?: string;
  budgetImages?: string;
  budgetPeriod?: string;
  models?: string;
  expires?: string;
  lenient?: boolean;
  strict?: boolean;
}

/** The options of `easel keys create` and `easel keys set` (docs/keys.md). */
export function addSettings(command: Command): Command {
  return command
    .option('--requests-per-minute <n>', 'requests in any 60 seconds, of every kind; `none`: no limit')
    .option('--images-per-minute <n>', 'images in any 60 seconds; `none`: no limit')
    .option('--concurrency <n>', 'generations under way at once; `none`: no limit')
    .option('--budget <amount>', 'the most its images may cost, e.g. 5.00; `none`: no limit')
    .option('--currency <code>', 'of the budget; USD when it has none yet')
    .option('--budget-images <n>', 'the most images it may make; `none`: no limit')
    .option('--budget-period <period>', '`total` or `month`: what both budgets are for; total at first')
    .option('--models <list>', 'the models it may use, with commas between; `all`: no limit')
    .option('--expires <date>', 'when it ends, e.g. 2027-01-01 (UTC); `never`: it does not')
    .option('--lenient', 'parameters that a model cannot meet are met nearly, with a warning')
    .option('--strict', 'parameters that a model cannot meet are refused');
}

/** The settings that were said, upon those the key has. Throws SettingMistake. */
export function readSettingWords(
  words: SettingWords,
  before: KeySettings,
  { catalog, nowMs }: { catalog: Catalog; nowMs: number },
): KeySettings {
  return {
    limits: readLimits(words, before.limits),
    models: words.models === undefined ? before.models : readModels(words.models, catalog),
    expiresAtMs: words.expires === undefined ? before.expiresAtMs : readExpiry(words.expires, nowMs),
    parameterHandling: readHandling(words) ?? before.parameterHandling,
  };
}

/** An option that cannot be read; the message says what it takes. */
export class SettingMistake extends Error {}

function readLimits(words: SettingWords, before: KeyLimits): KeyLimits {
  const limits = {
    requestsPerMinute: readCount('requests-per-minute', words.requestsPerMinute, before.requestsPerMinute),
    imagesPerMinute: readCount('images-per-minute', words.imagesPerMinute, before.imagesPerMinute),
    concurrency: readCount('concurrency', words.concurrency, before.concurrency),
    budget: readBudget(words, before.budget),
    budgetImages: readCount('budget-images', words.budgetImages, before.budgetImages),
    budgetPeriod: readPeriod(words.budgetPeriod) ?? before.budgetPeriod,
  };
  return Object.fromEntries(Object.entries(limits).filter(([, limit]) => limit !== undefined));
}

function readCount(name: string, word: string | undefined, before: number | undefined): number | undefined {
  if (word === undefined) return before;
  if (word === 'none') return undefined;
  if (/^[1-9]\d{0,8}$/.test(word)) return Number(word);
  throw new SettingMistake(`--${name} takes a whole number from 1 on, or none.`);
}

function readBudget({ budget, currency }: SettingWords, before: KeyLimits['budget']): KeyLimits['budget'] {
  if (currency !== undefined && !/^[A-Z]{3}$/.test(currency))
    throw new SettingMistake('--currency takes an ISO 4217 code such as USD.');
  if (budget === 'none') return undefined;
  if (budget === undefined && currency !== undefined && before === undefined)
    throw new SettingMistake('--currency needs --budget.');
  if (budget !== undefined && !/^\d{1,9}(\.\d{1,6})?$/.test(budget))
    throw new SettingMistake('--budget takes an amount such as 5.00, or none.');
  const amount = budget ?? before?.amount;
  return amount === undefined ? undefined : { amount, currency: currency ?? before?.currency ?? 'USD' };
}

function readPeriod(word: string | undefined): KeyLimits['budgetPeriod'] {
  if (word === undefined || word === 'total' || word === 'month') return word;
  throw new SettingMistake('--budget-period takes total or month.');
}

function readModels(word: string, catalog: Catalog): string[] | undefined {
  if (word === 'all') return undefined;
  return word.split(',').map((name) => {
    const model = catalog.find(name.trim());
    if (model !== undefined) return model.card.id;
    const known = catalog.all().map(({ card }) => card.id);
    throw new SettingMistake(`There is no model '${name.trim()}'. There are: ${known.join(', ')}.`);
  });
}

function readExpiry(word: string, nowMs: number): number | undefined {
  if (word === 'never') return undefined;
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/.test(word) ? Date.parse(word) : NaN;
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(word.slice(0, 10)))
    throw new SettingMistake('--expires takes a date such as 2027-01-01 or 2027-01-01T18:00Z, or never.');
  if (ms <= nowMs) throw new SettingMistake('--expires is in the past. To refuse the key now: keys freeze.');
  return ms;
}

function readHandling({ lenient, strict }: SettingWords): ApiKey['parameterHandling'] {
  if (lenient === true && strict === true) throw new SettingMistake('Say --lenient or --strict, not both.');
  return lenient === true ? 'lenient' : strict === true ? 'strict' : undefined;
}

/** A key's settings in a few words; empty where it has none. */
export function describeSettings({ limits, models, expiresAtMs, parameterHandling }: KeySettings): string {
  const per = limits.budgetPeriod === 'month' ? ' a month' : '';
  const { requestsPerMinute, imagesPerMinute, concurrency, budget, budgetImages } = limits;
  return [
    requestsPerMinute === undefined ? '' : `${requestsPerMinute} requests/min`,
    imagesPerMinute === undefined ? '' : `${imagesPerMinute} images/min`,
    concurrency === undefined ? '' : `${concurrency} at once`,
    budget === undefined ? '' : `${budget.amount} ${budget.currency}${per}`,
    budgetImages === undefined ? '' : `${budgetImages} images${per}`,
    models === undefined ? '' : `only ${models.join(' ')}`,
    expiresAtMs === undefined ? '' : `until ${new Date(expiresAtMs).toISOString().slice(0, 16)}Z`,
    parameterHandling ?? '',
  ]
    .filter((words) => words !== '')
    .join(', ');
}
