import type { JSX } from 'preact';
import type { Session } from '../../../src/http/admin/wire.ts';
import { asApiError } from '../api/errors.ts';
import { useLoad } from '../api/use-load.ts';
import { Select } from '../design/field.tsx';
import { showToast } from '../design/toast.tsx';
import { keyChanges, listKeys } from '../keys/api.ts';
import { useStore } from '../store.ts';
import { actAs } from './sign-in.ts';

/** For an admin: as which key pictures are made, and whose are shown under /v1. */
export function ActingKeyPicker({ actingKey }: { actingKey: Session['acting_key'] }): JSX.Element {
  const keys = useLoad(listKeys, [useStore(keyChanges)]);
  const known = keys.data ?? [];
  const options = known.some(({ id }) => id === actingKey.id) ? known : [actingKey, ...known];
  return (
    <Select
      label="Acting as key"
      value={actingKey.id}
      options={options.map(({ id, name }) => ({ value: id, label: name }))}
      onValue={(id) => {
        actAs(id).catch((error: unknown) => showToast(asApiError(error).message));
      }}
    />
  );
}
