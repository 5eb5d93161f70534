import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { asApiError } from '../api/errors.ts';
import { Button } from '../design/button.tsx';
import { Field } from '../design/field.tsx';
import { uploadAsset } from './inputs.ts';

/** A parameter that is an image, such as a mask: a file, kept as an asset. */
export function ImageField(props: {
  label: string;
  hint: string | undefined;
  value: unknown;
  onValue: (value: string | undefined) => void;
}): JSX.Element {
  const { label, hint, value, onValue } = props;
  const file = useRef<HTMLInputElement>(null);
  const [name, setName] = useState<string>();
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const take = async (chosen: File): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      onValue(await uploadAsset(chosen));
      setName(chosen.name);
    } catch (thrown) {
      setError(asApiError(thrown).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Field label={label} hint={hint} error={error}>
      {(bound) => (
        <div class="with-button">
          <input
            {...bound}
            ref={file}
            class="visually-hidden"
            type="file"
            accept="image/*"
            tabIndex={-1}
            onChange={(event) => {
              const [chosen] = event.currentTarget.files ?? [];
              event.currentTarget.value = '';
              if (chosen !== undefined) void take(chosen);
            }}
          />
          <Button icon="upload" disabled={isBusy} onClick={() => file.current?.click()}>
            {isBusy ? 'Uploading…' : value === undefined ? 'Choose a file' : (name ?? 'Another file')}
          </Button>
          {value !== undefined && (
            <Button icon="close" kind="quiet" label={`No ${label}`} onClick={() => onValue(undefined)} />
          )}
        </div>
      )}
    </Field>
  );
}
