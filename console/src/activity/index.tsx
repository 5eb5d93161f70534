import type { JSX } from 'preact';
import { useLocation } from 'preact-iso';
import { AdminOnly } from '../design/admin-only.tsx';
import { Tabs } from '../design/tabs.tsx';
import { currentSession } from '../session/session.ts';
import { Audit } from './audit.tsx';
import { Now } from './now.tsx';
import { Webhooks } from './webhooks.tsx';
import './activity.css';

const views = [
  { name: 'now', title: 'Now' },
  { name: 'webhooks', title: 'Webhooks' },
  { name: 'audit', title: 'Audit log' },
] as const;
type ViewName = (typeof views)[number]['name'];

/** What goes on: generations under way, messages to webhooks, and what admins did. */
export function ActivityScreen(): JSX.Element {
  const { query, route } = useLocation();
  const view = views.find(({ name }) => name === query['view'])?.name ?? 'now';
  if (currentSession()?.role !== 'admin')
    return (
      <div class="page">
        <AdminOnly title="Activity" icon="activity" />
      </div>
    );
  return (
    <div class="page activity">
      <h1>Activity</h1>
      <Tabs<ViewName>
        label="Activity"
        tabs={views}
        selected={view}
        onSelect={(name) => route(name === 'now' ? '/activity' : `/activity?view=${name}`, true)}
      >
        <div class="activity-view">
          <View name={view} />
        </div>
      </Tabs>
    </div>
  );
}

function View({ name }: { name: ViewName }): JSX.Element {
  switch (name) {
    case 'now':
      return <Now />;
    case 'webhooks':
      return <Webhooks />;
    case 'audit':
      return <Audit />;
  }
}
