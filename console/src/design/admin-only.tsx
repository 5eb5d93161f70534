import type { JSX } from 'preact';
import type { IconName } from './icon.tsx';
import { Empty } from './notice.tsx';

/** In the place of a screen that an API key may not see. */
export function AdminOnly({ title, icon }: { title: string; icon: IconName }): JSX.Element {
  return (
    <>
      <h1>{title}</h1>
      <Empty icon={icon} title="This needs the admin key">
        <p>You are signed in with an API key. Sign out, and in again with the admin key, to see this.</p>
      </Empty>
    </>
  );
}
