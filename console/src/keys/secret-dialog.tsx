import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { KeyWithSecret } from '../../../src/http/admin/wire.ts';
import { Button } from '../design/button.tsx';
import { Dialog, DialogActions } from '../design/dialog.tsx';
import { Icon } from '../design/icon.tsx';
import { copyFrom } from './copy-from.ts';

/** A secret, this once. Nothing but its own button closes it: not Escape, not a click beside it; leaving the page asks first. */
export function SecretDialog(props: {
  apiKey: KeyWithSecret;
  isNew: boolean;
  onDone: () => void;
}): JSX.Element {
  const { apiKey: key, isNew, onDone } = props;
  const field = useRef<HTMLInputElement>(null);
  const [copied, setCopied] = useState<'no' | 'yes' | 'failed'>('no');
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, []);

  async function copy(): Promise<void> {
    if (field.current !== null) setCopied((await copyFrom(field.current)) ? 'yes' : 'failed');
  }

  return (
    <Dialog title={isNew ? 'The new key' : 'The new secret'} isOverSignIn>
      <div class="secret">
        <p>
          The secret of{' '}
          <strong class="foreign-text" dir="auto">
            {key.name}
          </strong>
          {isNew ? '' : '. The old one is refused from now on'}:
        </p>
        <div class="secret-row">
          <input
            ref={field}
            class="input secret-text"
            readOnly
            aria-label="Secret"
            value={key.secret}
            onFocus={(event) => event.currentTarget.select()}
          />
          <Button icon={copied === 'yes' ? 'check' : 'copy'} onClick={() => void copy()}>
            {copied === 'yes' ? 'Copied' : 'Copy'}
          </Button>
        </div>
        <p class="visually-hidden" role="status">
          {copied === 'yes' ? 'Copied.' : ''}
        </p>
        {copied === 'failed' && (
          <p class="field-error" role="alert">
            The browser did not let this page copy. The secret is selected: copy it with the keyboard.
          </p>
        )}
        <p class="secret-warning">
          <Icon name="alert" />
          <span>
            This is the only time it is shown. Only a hash of it is kept; a lost one is replaced by rotating.
          </span>
        </p>
      </div>
      <DialogActions>
        <Button kind="primary" onClick={onDone}>
          I have stored it
        </Button>
      </DialogActions>
    </Dialog>
  );
}
