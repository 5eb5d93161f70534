import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decimalsOf, formatAxisMoney, formatMicros, formatMoney, microsOf } from './money.ts';

function shown(amount: string, currency = 'USD'): string {
  return formatMoney({ amount, currency });
}

test('an amount is shown exactly, with two decimals at least', () => {
  assert.deepEqual(
    ['0.028000', '12.5', '0.000001', '25', '1234567.100000', '0.120000'].map((amount) => shown(amount)),
    ['$0.028', '$12.50', '$0.000001', '$25.00', '$1,234,567.10', '$0.12'],
  );
  assert.equal(shown('3.5', 'EUR'), 'EUR 3.50');
});

test('amounts under each other get the same decimals', () => {
  const micros = [1_500_000n, 28_000n, 2_000_000n];
  const shown = micros.map((one) => formatMicros(one, 'USD', decimalsOf(micros)));
  assert.deepEqual(shown, ['$1.500', '$0.028', '$2.000']);
});

test('sums of amounts are exact', () => {
  const sum = Array.from({ length: 1000 }, () => microsOf('0.0001')).reduce((a, b) => a + b, 0n);
  assert.equal(formatMicros(sum, 'USD'), '$0.10');
});

test('an axis has the decimals of its step', () => {
  assert.deepEqual(
    [formatAxisMoney(0.04, 0.02, 'USD'), formatAxisMoney(20, 10, 'USD'), formatAxisMoney(0.5, 0.5, 'USD')],
    ['$0.04', '$20', '$0.50'],
  );
});
