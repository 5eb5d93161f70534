import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AdminModel, List } from '../../../src/http/admin/wire.ts';
import { ask } from '../api/client.ts';
import { useLoad } from '../api/use-load.ts';
import type { Model } from '../api/wire.ts';
import { Button } from '../design/button.tsx';
import { Dialog, DialogActions } from '../design/dialog.tsx';
import { Switch } from '../design/field.tsx';
import { Icon } from '../design/icon.tsx';
import { Tag } from '../design/tag.tsx';
import { currentSession } from '../session/session.ts';
import { hasFreeSizes, tiersOf } from './parameters.ts';
import { priceOf } from './prices.ts';

interface PickerProps {
  all: readonly Model[];
  chosen: readonly Model[];
  onChoose: (ids: readonly string[]) => void;
}

const mostCompared = 4;

/** The chosen model, or models, and the way to others. */
export function ModelPicker({ all, chosen, onChoose }: PickerProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const title = chosen.length > 1 ? `Models, ${chosen.length} side by side` : 'Model';
  return (
    <div class="field">
      <span class="field-label" aria-hidden="true">
        {title}
      </span>
      <button type="button" class="model-chosen card" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        <span class="visually-hidden">{title}: </span>
        <span class="model-names">
          {chosen.map((model) => (
            <span key={model.id} class="model-line">
              <strong>{model.display_name}</strong> <span class="field-hint">{priceOf(model)}</span>
            </span>
          ))}
          {chosen.length === 0 && 'No model can be used'}
        </span>{' '}
        <span class="model-change">Change</span>
      </button>
      {isOpen && (
        <PickerDialog all={all} chosen={chosen} onChoose={onChoose} onClose={() => setOpen(false)} />
      )}
    </div>
  );
}

function PickerDialog({
  all,
  chosen,
  onChoose,
  onClose,
}: PickerProps & { onClose: () => void }): JSX.Element {
  const [isComparing, setComparing] = useState(chosen.length > 1);
  const [ids, setIds] = useState<readonly string[]>(chosen.map(({ id }) => id));
  const reasons = useReasons(all.some(({ available }) => !available));
  const choose = (id: string): void => {
    if (!isComparing) {
      onChoose([id]);
      onClose();
    } else if (ids.includes(id)) setIds(ids.filter((other) => other !== id));
    else setIds([...ids, id]);
  };
  return (
    <Dialog title={isComparing ? 'Compare models' : 'Choose a model'} onClose={onClose} wide>
      <div class="picker-top">
        <Switch
          label="Compare several on one prompt"
          checked={isComparing}
          onChecked={(checked) => {
            setComparing(checked);
            if (!checked) setIds(ids.slice(0, 1));
          }}
        />
        {isComparing && (
          <p class="field-hint">Two to {mostCompared} models. Each gets the settings it takes.</p>
        )}
      </div>
      <ul class="model-cards">
        {all
          .toSorted((a, b) => Number(b.available) - Number(a.available))
          .map((model) => {
            const isChosen = ids.includes(model.id);
            const isFull = isComparing && !isChosen && ids.length >= mostCompared;
            return (
              <li key={model.id}>
                <button
                  type="button"
                  class="model-card card"
                  aria-pressed={isChosen ? 'true' : 'false'}
                  disabled={!model.available || isFull}
                  onClick={() => choose(model.id)}
                >
                  <ModelCard model={model} isChosen={isChosen} why={reasons.get(model.id)} />
                </button>
              </li>
            );
          })}
      </ul>
      {isComparing && (
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="primary"
            icon="compare"
            disabled={ids.length < 2}
            onClick={() => {
              onChoose(ids);
              onClose();
            }}
          >
            {ids.length < 2 ? 'Choose at least two' : `Compare ${ids.length} models`}
          </Button>
        </DialogActions>
      )}
    </Dialog>
  );
}

function ModelCard(props: { model: Model; isChosen: boolean; why: string | undefined }): JSX.Element {
  const { model, isChosen, why } = props;
  const { max } = model.input_images;
  const tiers = tiersOf(model);
  const count = model.parameters['n']?.['maximum'];
  const facts = [
    max === 0 ? 'text only' : max === 1 ? '1 input image' : `up to ${max} input images`,
    [...tiers, ...(hasFreeSizes(model) ? ['any size'] : [])].join(', '),
    typeof count === 'number' ? `1 to ${count} pictures` : '',
    'seed' in model.parameters ? 'seed' : '',
  ];
  return (
    <>
      <span class="model-card-head">
        <strong>{model.display_name}</strong>
        {isChosen && <Icon name="check" />}
      </span>
      <span class="model-card-tags">
        {model.available ? (
          <Tag tone={model.sandbox ? 'warn' : 'good'}>{model.sandbox ? 'sandbox' : 'live'}</Tag>
        ) : (
          <Tag tone="bad">not available</Tag>
        )}
        {(model.available || model.pricing.length > 0) && (
          <span>{model.sandbox ? 'free sketches, no bill' : priceOf(model)}</span>
        )}
      </span>
      {!model.available && (
        <span class="model-card-why foreign-text">{why ?? 'It cannot be served at the moment.'}</span>
      )}
      <span class="model-card-facts">{facts.filter((fact) => fact !== '').join(' · ')}</span>
      <span class="model-card-id">{model.id}</span>
    </>
  );
}

/** Why models cannot be served; only an admin may know. */
function useReasons(isNeeded: boolean): ReadonlyMap<string, string> {
  const isAdmin = currentSession()?.role === 'admin';
  const { data } = useLoad(
    async (signal) =>
      isNeeded && isAdmin ? await ask<List<AdminModel>>('GET', '/admin/models', { signal }) : undefined,
    [isNeeded],
  );
  return new Map(
    data?.data.map(({ id, routes }) => {
      const [route] = routes;
      const error = route?.last_errors[0];
      if (route === undefined) return [id, 'No credential for its provider is set.'];
      return [id, error?.advice ?? error?.message ?? route.mark?.fault ?? 'Its provider is out of service.'];
    }),
  );
}
