import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Model } from '../api/wire.ts';
import { Button } from '../design/button.tsx';
import { Field, Select, Switch, TextField } from '../design/field.tsx';
import { Choices, Shape } from './choices.tsx';
import {
  formFields,
  isMainField,
  propertiesOf,
  shapeOf,
  takes,
  type FormField,
  type Values,
} from './parameters.ts';
import { ImageField } from './image-field.tsx';
import { rollSeed } from './request.ts';
import { SizeField } from './size-field.tsx';

interface FormProps {
  models: readonly Model[];
  values: Values;
  onValue: (name: string, value: unknown) => void;
  /** What the gateway said about a field, until it is changed. */
  problems: Readonly<Record<string, string>>;
}

/** Every parameter of the chosen models as a control, drawn from their cards. */
export function ParameterForm(props: FormProps): JSX.Element {
  const fields = formFields(props.models);
  const more = fields.filter((field) => !isMainField(field));
  const [isOpen, setOpen] = useState(more.some(({ name }) => props.values[name] !== undefined));
  const isRefused = more.some(({ name }) => props.problems[name] !== undefined);
  const show = (field: FormField): JSX.Element => (
    <div key={field.name} class="parameter">
      <Control field={field} {...props} />
      <FieldNotes field={field} {...props} />
    </div>
  );
  return (
    <div class="parameters">
      {fields.filter(isMainField).map(show)}
      {more.length > 0 && (
        <details
          class="more"
          open={isOpen || isRefused}
          onToggle={(event) => setOpen(event.currentTarget.open)}
        >
          <summary>More settings</summary>
          <div class="parameters">{more.map(show)}</div>
        </details>
      )}
    </div>
  );
}

/** In a comparison: who does not take the value. And what the gateway said. */
function FieldNotes({ field, models, values, problems }: FormProps & { field: FormField }): JSX.Element {
  const value = values[field.name];
  const without = value === undefined ? [] : models.filter((model) => !takes(model, field.name, value));
  return (
    <>
      {problems[field.name] && (
        <p class="field-error foreign-text" dir="auto">
          {problems[field.name]}
        </p>
      )}
      {without.length > 0 && models.length > 1 && (
        <p class="field-hint">Not for {without.map((model) => model.display_name).join(', ')}.</p>
      )}
      {without.length > 0 && models.length === 1 && isTyped(field) && (
        <p class="field-error">The model does not take this; it is left out.</p>
      )}
    </>
  );
}

/** What is typed is shown as it is typed, whether it is a value yet or not. */
function isTyped({ control }: FormField): boolean {
  return control.kind === 'text' || control.kind === 'number' || control.kind === 'json';
}

function Control({ field, models, values, onValue }: FormProps & { field: FormField }): JSX.Element {
  const { name, label, hint, control, preset } = field;
  // With one model, what was chosen for another and is nothing to this one is not shown as if it held.
  const [only] = models;
  const isTaken = only === undefined || models.length > 1 || takes(only, name, values[name]);
  const value = isTaken || isTyped(field) || control.kind === 'size' ? values[name] : undefined;
  const set = (next: unknown): void => onValue(name, next);
  switch (control.kind) {
    case 'ratio':
      return (
        <Choices
          label={label}
          look="grid"
          choices={['auto', ...control.options.filter((option) => option !== 'auto')].map((option) => ({
            value: option,
            label: option === 'auto' ? 'Auto' : option,
            face: <Shape of={shapeOf(option)} />,
          }))}
          value={typeof value === 'string' ? value : 'auto'}
          onValue={(option) => set(option === 'auto' ? undefined : option)}
        />
      );
    case 'size':
      return <SizeField models={models} values={values} onValue={set} />;
    case 'seed':
      return <SeedField label={label} max={control.max} value={value} onValue={set} />;
    case 'count':
      return <CountField field={field} min={control.min} max={control.max} value={value} onValue={set} />;
    case 'number':
      return (
        <TextField
          label={label}
          hint={hint}
          type="number"
          min={control.min}
          max={control.max}
          step={control.isInteger ? 1 : 'any'}
          value={typeof value === 'number' ? String(value) : ''}
          placeholder={presetText(preset)}
          onValue={(text) => set(text === '' ? undefined : Number(text))}
        />
      );
    case 'switch':
      // Whether one without a default is on is the provider's secret, and off may be something else than unsaid.
      if (typeof preset !== 'boolean') {
        return (
          <Select
            label={label}
            hint={hint}
            value={typeof value === 'boolean' ? String(value) : ''}
            options={[
              { value: '', label: 'Default' },
              { value: 'true', label: 'On' },
              { value: 'false', label: 'Off' },
            ]}
            onValue={(option) => set(option === '' ? undefined : option === 'true')}
          />
        );
      }
      return (
        <Switch
          label={label}
          hint={hint}
          checked={typeof value === 'boolean' ? value : preset}
          onChecked={(checked) => set(checked === preset ? undefined : checked)}
        />
      );
    case 'choice':
      return (
        <Select
          label={label}
          hint={hint}
          value={typeof value === 'string' ? value : ''}
          options={[
            {
              value: '',
              label: preset === undefined ? 'Default' : `Default (${presetText(preset)})`,
            },
            ...control.options.filter((option) => option !== preset).map((option) => ({ value: option })),
          ]}
          onValue={(option) => set(option === '' ? undefined : option)}
        />
      );
    case 'text':
      return (
        <TextField
          label={label}
          hint={hint}
          dir="auto"
          value={typeof value === 'string' ? value : ''}
          placeholder={presetText(preset)}
          onValue={(text) => set(text === '' ? undefined : text)}
        />
      );
    case 'image':
      return <ImageField label={label} hint={hint} value={value} onValue={set} />;
    case 'json':
      return <JsonField field={field} models={models} value={value} onValue={set} />;
  }
}

function presetText(preset: unknown): string {
  if (preset === undefined) return '';
  return typeof preset === 'string' ? preset : JSON.stringify(preset);
}

interface ValueProps {
  value: unknown;
  onValue: (value: unknown) => void;
}

function SeedField({ label, max, value, onValue }: ValueProps & { label: string; max: number }): JSX.Element {
  return (
    <Field label={label} hint="The same seed gives the same picture again, as far as the model can.">
      {(bound) => (
        <div class="with-button">
          <input
            {...bound}
            class="input number"
            inputMode="numeric"
            placeholder="random"
            value={typeof value === 'number' ? String(value) : ''}
            onInput={(event) => {
              const digits = event.currentTarget.value.replace(/\D/g, '');
              onValue(digits === '' ? undefined : Math.min(Number(digits), max));
            }}
          />
          <Button icon="dice" label="Roll a seed" onClick={() => onValue(rollSeed(max))} />
          {value !== undefined && (
            <Button icon="close" label="No seed" kind="quiet" onClick={() => onValue(undefined)} />
          )}
        </div>
      )}
    </Field>
  );
}

function CountField(props: ValueProps & { field: FormField; min: number; max: number }): JSX.Element {
  const { field, min, max, value, onValue } = props;
  const preset = typeof field.preset === 'number' ? field.preset : min;
  const count = typeof value === 'number' ? value : preset;
  const set = (next: number): void => {
    const within = Math.max(min, Math.min(max, next));
    onValue(within === preset ? undefined : within);
  };
  return (
    <Field label={field.label} hint={field.name === 'n' ? undefined : field.hint}>
      {(bound) => (
        <div class="count">
          <Button
            icon="minus"
            label={`Fewer: ${field.label}`}
            disabled={count <= min}
            onClick={() => set(count - 1)}
          />
          <input
            {...bound}
            class="input number"
            type="number"
            min={min}
            max={max}
            value={count}
            onChange={(event) => {
              const typed = Number(event.currentTarget.value);
              set(Number.isInteger(typed) ? typed : preset);
            }}
          />
          <Button
            icon="plus"
            label={`More: ${field.label}`}
            disabled={count >= max}
            onClick={() => set(count + 1)}
          />
          <span class="field-hint">of at most {max}</span>
        </div>
      )}
    </Field>
  );
}

/** Anything else: JSON, checked as it is typed. */
function JsonField(props: ValueProps & { field: FormField; models: readonly Model[] }): JSX.Element {
  const { field, models, value, onValue } = props;
  const [text, setText] = useState(value === undefined ? '' : JSON.stringify(value));
  const [error, setError] = useState<string | null>(null);
  const names = propertiesOf(
    models.find((model) => field.name in model.parameters)?.parameters[field.name] ?? {},
  );
  const example = names.length === 0 ? presetText(field.preset) : `{"${names.join('": …, "')}": …}`;
  return (
    <Field label={field.label} hint={field.hint} error={error}>
      {(bound) => (
        <input
          {...bound}
          class="input mono"
          placeholder={example}
          spellcheck={false}
          value={text}
          onInput={(event) => {
            const typed = event.currentTarget.value;
            setText(typed);
            try {
              onValue(typed.trim() === '' ? undefined : JSON.parse(typed));
              setError(null);
            } catch {
              onValue(undefined);
              setError('This is not JSON yet; it is left out.');
            }
          }}
        />
      )}
    </Field>
  );
}
