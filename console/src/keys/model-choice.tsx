import type { JSX } from 'preact';
import { useId } from 'preact/hooks';
import type { AdminModel, List } from '../../../src/http/admin/wire.ts';
import { ask } from '../api/client.ts';
import { useLoad } from '../api/use-load.ts';

/** Every model, or those that are ticked. */
export function ModelChoice(props: {
  isForAll: boolean;
  chosen: readonly string[];
  error: string | undefined;
  onChange: (isForAll: boolean, chosen: readonly string[]) => void;
}): JSX.Element {
  const { isForAll, chosen, error, onChange } = props;
  const errorId = useId();
  const models = useLoad((signal) => ask<List<AdminModel>>('GET', '/admin/models', { signal }), []);
  const known = models.data?.data.map(({ id, display_name: name }) => ({ id, name })) ?? [];
  // The key may name one that is no longer configured.
  const gone = chosen.filter((id) => !known.some((model) => model.id === id)).map((id) => ({ id, name: id }));
  return (
    <fieldset aria-describedby={error === undefined ? undefined : errorId}>
      <legend>Models</legend>
      <label class="tick">
        <input
          type="checkbox"
          checked={isForAll}
          onChange={(event) => onChange(event.currentTarget.checked, chosen)}
        />
        All, those added later too
      </label>
      {!isForAll && (
        <div class="model-ticks">
          {[...known, ...gone].map(({ id, name }) => (
            <label key={id} class="tick">
              <input
                type="checkbox"
                checked={chosen.includes(id)}
                aria-invalid={error === undefined ? undefined : 'true'}
                onChange={(event) =>
                  onChange(
                    false,
                    event.currentTarget.checked ? [...chosen, id] : chosen.filter((other) => other !== id),
                  )
                }
              />
              {name}
            </label>
          ))}
        </div>
      )}
      {error !== undefined && (
        <p id={errorId} class="field-error">
          {error}
        </p>
      )}
    </fieldset>
  );
}
