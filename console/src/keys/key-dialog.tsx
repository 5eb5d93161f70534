import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Key, KeyWithSecret } from '../../../src/http/admin/wire.ts';
import { asApiError } from '../api/errors.ts';
import { Button } from '../design/button.tsx';
import { Dialog, DialogActions } from '../design/dialog.tsx';
import { Select, TextField } from '../design/field.tsx';
import { changeKey, createKey } from './api.ts';
import {
  changedOnly,
  changeOf,
  fieldAt,
  valuesOf,
  type KeyField,
  type KeyFormErrors,
  type KeyFormValues,
} from './key-form-values.ts';
import { ModelChoice } from './model-choice.tsx';

/** Makes a key, or changes one. What the server refuses is shown at its field. */
export function KeyDialog(props: {
  /** Undefined: a new one. */
  apiKey: Key | undefined;
  onClose: () => void;
  onCreated: (key: KeyWithSecret) => void;
  onChanged: () => void;
}): JSX.Element {
  const { apiKey: key, onClose, onCreated, onChanged } = props;
  const [values, setValues] = useState<KeyFormValues>(() => valuesOf(key));
  const [errors, setErrors] = useState<KeyFormErrors>({});
  const [isSaving, setSaving] = useState(false);
  const set = (change: Partial<KeyFormValues>): void => {
    setValues((before) => ({ ...before, ...change }));
    // What was wrong there may be right now; the server says so.
    setErrors((before) =>
      Object.fromEntries(Object.entries(before).filter(([name]) => !(name in change) && name !== 'form')),
    );
  };

  async function save(): Promise<void> {
    const { change, errors } = changeOf(values);
    if (change === undefined) return fail(errors);
    setSaving(true);
    try {
      if (key === undefined) onCreated(await createKey(change));
      else {
        await changeKey(key.id, changedOnly(change, key));
        onChanged();
      }
    } catch (thrown) {
      const error = asApiError(thrown);
      fail({ [fieldAt(error.param)]: error.message });
      setSaving(false);
    }
  }

  function fail(found: KeyFormErrors): void {
    setErrors(found);
    // After the fields are drawn as wrong: to the first of them.
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.key-form [aria-invalid]')?.focus());
  }

  const bound = (field: KeyField) => ({
    error: errors[field],
    value: String(values[field]),
    onValue: (value: string) => set({ [field]: value }),
  });
  const hasBudget = values.budget.trim() !== '' || values.budgetImages.trim() !== '';
  return (
    <Dialog title={key === undefined ? 'New key' : 'Edit key'} onClose={onClose}>
      <form
        class="key-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!isSaving) void save();
        }}
      >
        <TextField
          {...bound('name')}
          label="Name"
          maxLength={64}
          autocomplete="off"
          autofocus={key === undefined}
          disabled={key?.built_in === true}
          hint={
            key?.built_in === true
              ? 'This server looks after the key and its name.'
              : 'Who or what it is for.'
          }
        />
        <fieldset>
          <legend>Limits</legend>
          <p class="soft small">Empty: no limit.</p>
          <div class="key-columns">
            <TextField {...bound('requestsPerMinute')} label="Requests a minute" {...numeric} />
            <TextField {...bound('imagesPerMinute')} label="Images a minute" {...numeric} />
            <TextField {...bound('concurrency')} label="At once" {...numeric} />
          </div>
        </fieldset>
        <fieldset>
          <legend>Budget</legend>
          <div class="key-columns key-budget">
            <TextField
              {...bound('budget')}
              label="Money"
              inputMode="decimal"
              autocomplete="off"
              placeholder="25.00"
            />
            <TextField {...bound('currency')} label="Currency" maxLength={3} autocomplete="off" />
            <TextField {...bound('budgetImages')} label="Images" {...numeric} />
            <Select
              {...bound('budgetPeriod')}
              label="For"
              options={[
                { value: 'month', label: 'a month' },
                { value: 'total', label: 'in all' },
              ]}
            />
          </div>
          {hasBudget && (
            <p class="soft small">
              A month is the calendar's, in UTC. What is running counts with the most it can cost. Routes
              without a price are not used for a key with a budget in money.
            </p>
          )}
        </fieldset>
        <ModelChoice
          isForAll={values.isForAllModels}
          chosen={values.models}
          error={errors.models}
          onChange={(isForAllModels, models) => set({ isForAllModels, models })}
        />
        <div class="key-columns key-wide-columns">
          <TextField
            {...bound('expires')}
            label="Works until"
            type="datetime-local"
            hint="Your own time. Empty: for good."
          />
          <Select
            {...bound('parameterHandling')}
            label="Parameters a model cannot meet"
            options={[
              { value: '', label: 'as the server does' },
              { value: 'strict', label: 'are refused' },
              { value: 'lenient', label: 'are met nearly, with a warning' },
            ]}
          />
        </div>
        {errors.form !== undefined && (
          <p class="field-error" role="alert">
            {errors.form}
          </p>
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={isSaving}>
            {key === undefined ? 'Create key' : 'Save'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

const numeric = { inputMode: 'numeric', autocomplete: 'off', placeholder: 'no limit' } as const;
