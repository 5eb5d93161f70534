import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AuditEntry, List } from '../../../src/http/admin/wire.ts';
import { ask } from '../api/client.ts';
import { useLoad } from '../api/use-load.ts';
import { Button } from '../design/button.tsx';
import { TimeAgo } from '../design/figures.tsx';
import { Empty, Failed, Loading } from '../design/notice.tsx';
import { Table, type Column } from '../design/table.tsx';
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
      <Table caption="Audit log" columns={columns} rows={list} keyOf={({ id }) => id} />
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

const columns: readonly Column<AuditEntry>[] = [
  { title: 'What', cell: ({ action }) => <span class="nowrap">{actionText(action)}</span> },
  {
    title: 'When',
    cell: ({ at }) => (
      <span class="nowrap">
        <TimeAgo at={at} />
      </span>
    ),
  },
  {
    title: 'Of',
    cell: ({ detail, target }) => (
      <>
        {detail !== null && (
          <p class="foreign-text" dir="auto">
            {detail}
          </p>
        )}
        {target !== null && <code class="soft audit-id">{target}</code>}
      </>
    ),
  },
  { title: 'By', cell: ({ actor }) => <span class="nowrap">{actor}</span> },
];
