import type { Key } from '../../../src/http/admin/wire.ts';

/** A key's limits besides its budgets, one line each; empty where it has none. */
export function limitWords({
  limits,
  models,
  expires_at: expiresAt,
  parameter_handling: handling,
}: Key): string[] {
  const { requests_per_minute: requests, images_per_minute: images, concurrency } = limits;
  const rates = [
    requests === null ? '' : `${count(requests)} requests/min`,
    images === null ? '' : `${count(images)} images/min`,
    concurrency === null ? '' : `${count(concurrency)} at once`,
  ].filter((text) => text !== '');
  return [
    rates.join(', '),
    models === null ? '' : `only ${models.join(', ')}`,
    expiresAt === null ? '' : `until ${dateAndTime.format(expiresAt * 1000)}`,
    handling === null ? '' : handlingWords[handling],
  ].filter((text) => text !== '');
}

const handlingWords = {
  lenient: 'parameters are met nearly, with a warning',
  strict: 'parameters that cannot be met are refused',
};

const dateAndTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

function count(value: number): string {
  return value.toLocaleString('en');
}
