import type { Key, KeyChange } from '../../../src/http/admin/wire.ts';

/** A key's settings as the form holds them: text as typed, empty for "no limit". */
export interface KeyFormValues {
  name: string;
  requestsPerMinute: string;
  imagesPerMinute: string;
  concurrency: string;
  budget: string;
  currency: string;
  budgetImages: string;
  budgetPeriod: 'total' | 'month';
  isForAllModels: boolean;
  models: readonly string[];
  /** As `<input type="datetime-local">` has it, in the reader's own time. */
  expires: string;
  parameterHandling: '' | 'strict' | 'lenient';
}

export type KeyField = keyof KeyFormValues;

/** A mistake by the field where it stands; `form`: one that belongs to no field. */
export type KeyFormErrors = Partial<Record<KeyField | 'form', string>>;

/** What the form shows at first; undefined: a new key. */
export function valuesOf(key: Key | undefined): KeyFormValues {
  const limits = key?.limits;
  return {
    name: key?.name ?? '',
    requestsPerMinute: String(limits?.requests_per_minute ?? ''),
    imagesPerMinute: String(limits?.images_per_minute ?? ''),
    concurrency: String(limits?.concurrency ?? ''),
    budget: limits?.budget?.amount.replace(/(\.\d\d)(\d*?)0*$/, '$1$2') ?? '',
    currency: limits?.budget?.currency ?? 'USD',
    budgetImages: String(limits?.budget_images ?? ''),
    budgetPeriod: limits?.budget_period ?? 'month',
    isForAllModels: key === undefined || key.models === null,
    models: key?.models ?? [],
    expires: typeof key?.expires_at === 'number' ? localTime(key.expires_at) : '',
    parameterHandling: key?.parameter_handling ?? '',
  };
}

/** What the server is told, or what is to be put right before it can be told anything. */
export function changeOf(
  values: KeyFormValues,
): { change: KeyChange; errors?: undefined } | { errors: KeyFormErrors; change?: undefined } {
  const errors: KeyFormErrors = {};
  const count = (field: 'requestsPerMinute' | 'imagesPerMinute' | 'concurrency' | 'budgetImages') => {
    const text = values[field].trim();
    if (text === '') return null;
    if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
    errors[field] = 'A whole number from 1 on, or nothing for no limit.';
    return null;
  };
  const name = values.name.trim();
  if (name === '') errors.name = 'Give the key a name, so that you know it again.';
  const amount = values.budget.trim().replace(',', '.');
  if (amount !== '' && !/^\d{1,9}(\.\d{1,6})?$/.test(amount))
    errors.budget = 'An amount such as 25.00, or nothing for no limit.';
  const currency = values.currency.trim().toUpperCase();
  if (amount !== '' && !/^[A-Z]{3}$/.test(currency)) errors.currency = 'A code such as USD.';
  if (!values.isForAllModels && values.models.length === 0) errors.models = 'Choose at least one model.';
  const expiresAt = values.expires === '' ? null : Math.floor(new Date(values.expires).getTime() / 1000);
  if (Number.isNaN(expiresAt)) errors.expires = 'A date and time, or nothing.';
  const change: KeyChange = {
    name,
    models: values.isForAllModels ? null : values.models,
    expires_at: expiresAt,
    parameter_handling: values.parameterHandling === '' ? null : values.parameterHandling,
    limits: {
      requests_per_minute: count('requestsPerMinute'),
      images_per_minute: count('imagesPerMinute'),
      concurrency: count('concurrency'),
      budget: amount === '' ? null : { amount, currency },
      budget_images: count('budgetImages'),
      budget_period: amount === '' && values.budgetImages.trim() === '' ? null : values.budgetPeriod,
    },
  };
  return Object.keys(errors).length > 0 ? { errors } : { change };
}

const fieldOfParam: Readonly<Record<string, KeyField>> = {
  name: 'name',
  models: 'models',
  expires_at: 'expires',
  parameter_handling: 'parameterHandling',
  'limits.requests_per_minute': 'requestsPerMinute',
  'limits.images_per_minute': 'imagesPerMinute',
  'limits.concurrency': 'concurrency',
  'limits.budget.currency': 'currency',
  'limits.budget': 'budget',
  'limits.budget_images': 'budgetImages',
  'limits.budget_period': 'budgetPeriod',
};

/** Where a refusal of the server is shown: at the field it names, e.g. `limits.budget.amount` or `models[2]`. */
export function fieldAt(param: string | null): KeyField | 'form' {
  for (let name = param?.replaceAll('[', '.') ?? ''; name !== ''; name = name.replace(/\.?[^.]*$/, '')) {
    const field = fieldOfParam[name] ?? fieldOfParam[`limits.${name}`];
    if (field !== undefined) return field;
  }
  return 'form';
}

function localTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/**
 * What differs from the key as it is: a time that has passed or a model that is gone would be refused, though nobody
 * touched it, and so would the name of a built-in key.
 */
export function changedOnly(change: KeyChange, key: Key): KeyChange {
  const { change: before = {} } = changeOf(valuesOf(key));
  const { limits, ...rest } = change;
  const changedLimits = differing(limits ?? {}, before.limits ?? {});
  return {
    ...differing(rest, before),
    ...(Object.keys(changedLimits).length === 0 ? {} : { limits: changedLimits }),
  };
}

function differing<T extends object>(now: T, before: T): Partial<T> {
  const kept = new Map<string, unknown>(Object.entries(before));
  const entries = Object.entries(now).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(kept.get(name)),
  );
  return Object.fromEntries(entries) as Partial<T>;
}
