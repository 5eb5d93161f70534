/** An amount as the wire has it: a decimal, and an ISO 4217 code. */
export interface Amount {
  amount: string;
  currency: string;
}

/** Money is counted in whole millionths, which is all the wire has, so that sums are exact. */
export function microsOf(amount: string): bigint {
  const [whole = '0', fraction = ''] = amount.split('.');
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0').slice(0, 6));
}

/**
 * An amount without the zeros nobody needs: `$0.028`, `EUR 12.50`. null: no price is known. Amounts that stand under
 * each other take the same `decimals`.
 */
export function formatMoney(of: Amount | null | undefined, decimals = 2): string {
  if (of === null || of === undefined) return '—';
  const [whole = '0', part = ''] = of.amount.split('.');
  const shown = part.replace(/0+$/, '').padEnd(decimals, '0');
  return `${signOf(of.currency)}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${shown}`;
}

export function formatMicros(micros: bigint, currency: string, decimals = 2): string {
  const part = String(micros % 1_000_000n).padStart(6, '0');
  return formatMoney({ amount: `${micros / 1_000_000n}.${part}`, currency }, decimals);
}

/** How many decimals the longest of them needs, two at least. */
export function decimalsOf(micros: Iterable<bigint>): number {
  const parts = [...micros].map((one) =>
    String(one % 1_000_000n)
      .padStart(6, '0')
      .replace(/0+$/, ''),
  );
  return Math.max(2, ...parts.map(({ length }) => length));
}

/** A round amount for the axis of a plot: no more decimals than its step needs. */
export function formatAxisMoney(value: number, step: number, currency: string): string {
  const decimals = step >= 1 ? 0 : Math.max(2, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));
  return `${signOf(currency)}${value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })}`;
}

function signOf(currency: string): string {
  return currency === 'USD' ? '$' : `${currency} `;
}
