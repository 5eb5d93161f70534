import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Key, KeyWithSecret } from '../../../src/http/admin/wire.ts';
import { asApiError } from '../api/errors.ts';
import { usePoll } from '../api/use-poll.ts';
import { AdminOnly } from '../design/admin-only.tsx';
import { Button } from '../design/button.tsx';
import { Empty, Failed, Loading } from '../design/notice.tsx';
import { Stale } from '../design/stale.tsx';
import { showToast } from '../design/toast.tsx';
import { currentSession } from '../session/session.ts';
import { changeKey, listKeys } from './api.ts';
import { DeleteDialog, RotateDialog } from './confirm-dialogs.tsx';
import { KeyDialog } from './key-dialog.tsx';
import { KeyRow, type KeyAct } from './key-row.tsx';
import { showSecret } from './shown-secret.tsx';
import './keys.css';

/** Who may use this gateway, and how much. */
export function KeysScreen(): JSX.Element {
  return (
    <div class="page keys">
      {currentSession()?.role === 'admin' ? <Keys /> : <AdminOnly title="Keys" icon="key" />}
    </div>
  );
}

/** The one dialog that is open. */
type Open =
  | { dialog: 'none' }
  | { dialog: 'create' }
  | { dialog: Exclude<KeyAct, 'freeze' | 'unfreeze'>; key: Key };

function Keys(): JSX.Element {
  const keys = usePoll(listKeys, [], { everyMs: 10_000 });
  const [open, setOpen] = useState<Open>({ dialog: 'none' });
  const close = (): void => setOpen({ dialog: 'none' });

  function act(key: Key, what: KeyAct): void {
    if (what === 'freeze' || what === 'unfreeze') void setState(key, what === 'freeze' ? 'frozen' : 'active');
    else setOpen({ dialog: what, key });
  }

  async function setState(key: Key, state: Key['state']): Promise<void> {
    try {
      await changeKey(key.id, { state });
      showToast(state === 'frozen' ? 'Frozen: it is refused from now on.' : 'Unfrozen: it works again.');
    } catch (error) {
      showToast(asApiError(error).message);
    }
    keys.refresh();
  }

  function done(text: string): void {
    close();
    showToast(text);
    keys.refresh();
  }

  function handOut(key: KeyWithSecret, isNew: boolean): void {
    close();
    showSecret(key, { isNew });
    keys.refresh();
  }

  return (
    <>
      <header class="page-head">
        <h1>Keys</h1>
        <Button kind="primary" icon="plus" onClick={() => setOpen({ dialog: 'create' })}>
          New key
        </Button>
      </header>
      {keys.data === undefined ? (
        keys.error === undefined ? (
          <Loading what="keys" />
        ) : (
          <Failed error={keys.error} onRetry={keys.refresh} />
        )
      ) : (
        <>
          <Stale polled={keys} />
          {keys.data.length === 0 ? (
            <Empty icon="key" title="There is no key yet">
              <p>A key lets a program make pictures here, within limits that you set.</p>
            </Empty>
          ) : (
            <ul class="card key-list">
              {keys.data.map((key) => (
                <KeyRow key={key.id} apiKey={key} onAct={(what) => act(key, what)} />
              ))}
            </ul>
          )}
        </>
      )}
      {open.dialog === 'create' && (
        <KeyDialog
          apiKey={undefined}
          onClose={close}
          onCreated={(made) => handOut(made, true)}
          onChanged={() => done('Saved.')}
        />
      )}
      {open.dialog === 'edit' && (
        <KeyDialog
          apiKey={open.key}
          onClose={close}
          onCreated={(made) => handOut(made, true)}
          onChanged={() => done('Saved: it holds from the next request on.')}
        />
      )}
      {open.dialog === 'rotate' && (
        <RotateDialog apiKey={open.key} onClose={close} onRotated={(key) => handOut(key, false)} />
      )}
      {open.dialog === 'delete' && (
        <DeleteDialog apiKey={open.key} onClose={close} onDeleted={() => done('Deleted.')} />
      )}
    </>
  );
}
