import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Key, KeyWithSecret } from '../../../src/http/admin/wire.ts';
import { asApiError } from '../api/errors.ts';
import { Button } from '../design/button.tsx';
import { Dialog, DialogActions } from '../design/dialog.tsx';
import { TextField } from '../design/field.tsx';
import { deleteKey, rotateKey } from './api.ts';

/** Asks before the old secret stops working. */
export function RotateDialog(props: {
  apiKey: Key;
  onClose: () => void;
  onRotated: (key: KeyWithSecret) => void;
}): JSX.Element {
  const { apiKey: key, onClose, onRotated } = props;
  const { run, isRunning, error } = useAct(async () => onRotated(await rotateKey(key.id)));
  return (
    <Dialog title="Rotate the secret?" onClose={onClose}>
      <p>
        <Name of={key} /> gets a new secret, shown once. The old one (<code>…{key.hint}</code>) is refused at
        once. Its pictures, limits and usage stay.
      </p>
      <Refusal text={error} />
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" disabled={isRunning} onClick={run}>
          Rotate
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** Asks for the name, since nothing brings a key back. */
export function DeleteDialog(props: {
  apiKey: Key;
  onClose: () => void;
  onDeleted: () => void;
}): JSX.Element {
  const { apiKey: key, onClose, onDeleted } = props;
  const [typed, setTyped] = useState('');
  const { run, isRunning, error } = useAct(async () => {
    await deleteKey(key.id);
    onDeleted();
  });
  const isRight = typed.trim() === key.name;
  return (
    <Dialog title="Delete this key?" onClose={onClose}>
      <form
        class="key-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isRight) run();
        }}
      >
        <p>
          <Name of={key} /> is refused for good, and nothing brings it back. Its pictures and its usage stay.
        </p>
        <TextField
          label="Its name, to be sure"
          value={typed}
          onValue={setTyped}
          autocomplete="off"
          spellcheck={false}
        />
        <Refusal text={error} />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="danger" disabled={!isRight || isRunning}>
            Delete key
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function Name({ of }: { of: Key }): JSX.Element {
  return (
    <strong class="foreign-text" dir="auto">
      {of.name}
    </strong>
  );
}

function Refusal({ text }: { text: string | undefined }): JSX.Element | null {
  return text === undefined ? null : (
    <p class="field-error" role="alert">
      {text}
    </p>
  );
}

/** Something to be done once at a time, and what the server said against it. */
function useAct(act: () => Promise<void>): {
  run: () => void;
  isRunning: boolean;
  error: string | undefined;
} {
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<string | undefined>(undefined);
  const run = (): void => {
    setRunning(true);
    act().catch((thrown: unknown) => {
      setError(asApiError(thrown).message);
      setRunning(false);
    });
  };
  return { run, isRunning, error };
}
