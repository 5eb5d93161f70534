import type { JSX } from 'preact';
import type { KeyWithSecret } from '../../../src/http/admin/wire.ts';
import { createStore, useStore } from '../store.ts';
import { SecretDialog } from './secret-dialog.tsx';

const shown = createStore<{ key: KeyWithSecret; isNew: boolean } | undefined>(undefined);

/** Shows a secret until somebody says that it is stored. */
export function showSecret(key: KeyWithSecret, { isNew }: { isNew: boolean }): void {
  shown.set({ key, isNew });
}

/** Where secrets are shown; once per page, outside of the screens, so that the browser's way back takes none away. */
export function ShownSecret(): JSX.Element | null {
  const now = useStore(shown);
  return now === undefined ? null : (
    <SecretDialog apiKey={now.key} isNew={now.isNew} onDone={() => shown.set(undefined)} />
  );
}
