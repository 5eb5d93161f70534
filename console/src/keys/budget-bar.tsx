import type { JSX } from 'preact';
import type { BudgetState } from './budget.ts';

const levelWords: Readonly<Record<BudgetState['level'], string>> = {
  fine: '',
  near: 'nearly used up',
  used_up: 'used up',
};

/** How much of a budget is used; the colour repeats what the words say. */
export function BudgetBar({ budget }: { budget: BudgetState }): JSX.Element {
  const percent = Math.min(100, Math.round(budget.share * 100));
  return (
    <div class={`budget budget-${budget.level}`}>
      <p class="budget-text number">
        <span>{budget.text}</span>
        {budget.level !== 'fine' && <strong>{levelWords[budget.level]}</strong>}
      </p>
      <div
        class="budget-bar"
        role="meter"
        aria-label={budget.kind === 'money' ? 'Budget in money' : 'Budget in images'}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={budget.text}
      >
        <div style={{ width: `${percent}%` }} />
      </div>
    </div>
  );
}
