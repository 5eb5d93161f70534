import type { JSX } from 'preact';
import type { Key } from '../../../src/http/admin/wire.ts';
import { withQuery } from '../api/client.ts';
import { Button, LinkButton } from '../design/button.tsx';
import { TimeAgo } from '../design/figures.tsx';
import { Tag } from '../design/tag.tsx';
import { BudgetBar } from './budget-bar.tsx';
import { budgetsOf } from './budget.ts';
import { limitWords } from './limit-words.ts';

/** What can be done to a key. */
export type KeyAct = 'edit' | 'freeze' | 'unfreeze' | 'rotate' | 'delete';

/** One key: who it is, what it may do, what it has used. */
export function KeyRow(props: { apiKey: Key; onAct: (what: KeyAct) => void }): JSX.Element {
  const { apiKey: key, onAct } = props;
  const nameId = `key-${key.id}`;
  const budgets = budgetsOf(key);
  const limits = limitWords(key);
  const isFrozen = key.state === 'frozen';
  return (
    <li class="key" aria-labelledby={nameId}>
      <div class="key-who">
        <h2 id={nameId} class="foreign-text" dir="auto">
          {key.name}
        </h2>
        <p class="key-facts soft small">
          {key.hint !== '' && <code title="The secret ends so">…{key.hint}</code>}
          <span>
            made <TimeAgo at={key.created_at} />
          </span>
        </p>
        <p class="key-tags">
          <StateTag apiKey={key} />
          {key.built_in && (
            <Tag title="This server looks after it: it cannot be renamed, rotated or deleted.">built in</Tag>
          )}
        </p>
      </div>
      <div class="key-limits">
        {budgets.map((budget) => (
          <BudgetBar key={budget.kind} budget={budget} />
        ))}
        {limits.length > 0 ? (
          <ul class="soft small">
            {limits.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        ) : (
          budgets.length === 0 && <p class="soft small">No limits: it may do everything.</p>
        )}
      </div>
      <div class="key-acts" role="group" aria-labelledby={nameId}>
        <LinkButton size="small" icon="usage" href={withQuery('/usage', { key: key.id })}>
          Usage
        </LinkButton>
        <Button size="small" icon="pen" onClick={() => onAct('edit')}>
          Edit
        </Button>
        <Button size="small" onClick={() => onAct(isFrozen ? 'unfreeze' : 'freeze')}>
          {isFrozen ? 'Unfreeze' : 'Freeze'}
        </Button>
        {!key.built_in && (
          <>
            <Button size="small" onClick={() => onAct('rotate')}>
              Rotate
            </Button>
            <Button size="small" kind="danger" icon="trash" label="Delete" onClick={() => onAct('delete')} />
          </>
        )}
      </div>
    </li>
  );
}

function StateTag({ apiKey: key }: { apiKey: Key }): JSX.Element {
  if (key.state === 'frozen') return <Tag tone="warn">frozen</Tag>;
  if (key.expires_at !== null && key.expires_at * 1000 <= Date.now()) return <Tag tone="bad">expired</Tag>;
  return <Tag tone="good">active</Tag>;
}
