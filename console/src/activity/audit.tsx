import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AuditEntry, List } from '../../../src/http/admin/wire.ts';
import { ask } from '../api/client.ts';
import { useLoad } from '../api/use-load.ts';
import { Button } from '../design/button.tsx';
import { TimeAgo } from '../design/figures.tsx';
import { Empty, Failed, Loading } from '../design/notice.tsx';
import { actionText } from './audit-words.ts';

const pageSize = 30;

/** What admins did, by the console, the API and the command line; newest first, page by page. */
export function Audit(): JSX.Element {
  /** The last entry of each page before this one. */
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const before = cursors.at(-1);
  const entries = useLoad(
    (signal) => ask<List<AuditEntry>>('GET', '/admin/audit', { query: { limit: pageSize, before }, signal }),
    [before],
  );
  if (entries.state === 'failed') return <Failed error={entries.error} onRetry={entries.reload} />;
  const list = entries.data?.data;
  if (list === undefined) return <Loading what="the audit log" />;
  const last = list.at(-1);
  if (list.length === 0 && cursors.length === 0)
    return (
      <div class="card">
        <Empty icon="history" title="No admin has done anything yet">
          <p>
            Keys made, frozen or deleted, pictures deleted, webhooks sent again and sign-ins are written down
            here.
          </p>
        </Empty>
      </div>
    );
  return (
    <>
      <ol class="card entries">
        {list.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </ol>
      <nav class="pages" aria-label="Pages of the audit log">
        <Button
          size="small"
          icon="left"
          disabled={cursors.length === 0}
          onClick={() => setCursors(cursors.slice(0, -1))}
        >
          Newer
        </Button>
        <span class="soft small number">Page {cursors.length + 1}</span>
        <Button
          size="small"
          disabled={list.length < pageSize || last === undefined}
          onClick={() => last !== undefined && setCursors([...cursors, last.id])}
        >
          Older
        </Button>
      </nav>
    </>
  );
}

function Entry({ entry }: { entry: AuditEntry }): JSX.Element {
  const { action, detail, target, actor, at } = entry;
  return (
    <li class="entry">
      <p class="entry-act">{actionText(action)}</p>
      <div class="entry-of">
        {detail !== null && (
          <p class="foreign-text" dir="auto">
            {detail}
          </p>
        )}
        {target !== null && <code class="soft">{target}</code>}
      </div>
      <p class="entry-by soft small">
        <span>{actor}</span>
        <TimeAgo at={at} />
      </p>
    </li>
  );
}
