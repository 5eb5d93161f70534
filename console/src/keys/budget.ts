import type { Key } from '../../../src/http/admin/wire.ts';
import { formatMoney, microsOf } from '../design/money.ts';

/** How much of one budget of a key is used. */
export interface BudgetState {
  kind: 'money' | 'images';
  /** 0..1 and beyond. */
  share: number;
  /** `$3.20 of $25.00 this month` */
  text: string;
  level: 'fine' | 'near' | 'used_up';
}

/** The budgets a key has, money first; none: it may use what it likes. */
export function budgetsOf({ limits, budget_used: used }: Key): BudgetState[] {
  const period = limits.budget_period === 'month' ? ' this month' : ' in all';
  const budgets: BudgetState[] = [];
  if (limits.budget !== null) {
    const spent = used?.cost ?? { amount: '0', currency: limits.budget.currency };
    const share = shareOf(microsOf(spent.amount), microsOf(limits.budget.amount));
    const text = `${formatMoney(spent)} of ${formatMoney(limits.budget)}${period}`;
    budgets.push({ kind: 'money', share, text, level: levelOf(share) });
  }
  if (limits.budget_images !== null) {
    const made = used?.images ?? 0;
    const share = shareOf(BigInt(made), BigInt(limits.budget_images));
    const text = `${count(made)} of ${count(limits.budget_images)} images${period}`;
    budgets.push({ kind: 'images', share, text, level: levelOf(share) });
  }
  return budgets;
}

function shareOf(used: bigint, budget: bigint): number {
  return budget === 0n ? 1 : Number((used * 10_000n) / budget) / 10_000;
}

function levelOf(share: number): BudgetState['level'] {
  return share >= 1 ? 'used_up' : share >= 0.8 ? 'near' : 'fine';
}

function count(value: number): string {
  return value.toLocaleString('en');
}
