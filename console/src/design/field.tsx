import type { ComponentChildren, InputHTMLAttributes, JSX } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  label: string;
  /** What to know before filling it in. */
  hint?: ComponentChildren;
  /** What is wrong with what stands in it. */
  error?: string | null | undefined;
  /** The control, given what binds it to its label, hint and error. */
  children: (bound: BoundControl) => ComponentChildren;
}

interface BoundControl {
  id: string;
  'aria-describedby': string | undefined;
  'aria-invalid': 'true' | undefined;
}

/** A label above a control, with a hint or an error below. */
export function Field({ label, hint, error, children }: FieldProps): JSX.Element {
  const id = useId();
  const note = error ?? hint;
  const noteId = `${id}-note`;
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      {children({
        id,
        'aria-describedby': note ? noteId : undefined,
        'aria-invalid': error ? 'true' : undefined,
      })}
      {note && (
        <div id={noteId} class={error ? 'field-error' : 'field-hint'}>
          {note}
        </div>
      )}
    </div>
  );
}

type TextFieldProps = Omit<FieldProps, 'children'> &
  Omit<InputHTMLAttributes, 'value' | 'onInput' | 'label'> & {
    value: string;
    onValue: (value: string) => void;
  };

/** One line of text, a number or a date: `type` as in HTML. */
export function TextField({ label, hint, error, value, onValue, ...rest }: TextFieldProps): JSX.Element {
  return (
    <Field label={label} hint={hint} error={error}>
      {(bound) => (
        <input
          {...(rest as InputHTMLAttributes)}
          {...bound}
          class="input"
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export interface Option {
  value: string;
  /** The value itself when absent. */
  label?: string;
}

type SelectProps = Omit<FieldProps, 'children'> & {
  value: string;
  options: readonly Option[];
  onValue: (value: string) => void;
};

/** One of a list. */
export function Select({ label, hint, error, value, options, onValue }: SelectProps): JSX.Element {
  return (
    <Field label={label} hint={hint} error={error}>
      {(bound) => (
        <select
          {...bound}
          class="input"
          value={value}
          onChange={(event) => onValue(event.currentTarget.value)}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label ?? option.value}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface SwitchProps {
  label: string;
  hint?: string | undefined;
  checked: boolean;
  onChecked: (checked: boolean) => void;
}

/** On or off, at once. */
export function Switch({ label, hint, checked, onChecked }: SwitchProps): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label class="switch">
        <span class="field-label">{label}</span>
        <input
          type="checkbox"
          role="switch"
          checked={checked}
          aria-describedby={hint ? id : undefined}
          onChange={(event) => onChecked(event.currentTarget.checked)}
        />
      </label>
      {hint && (
        <div id={id} class="field-hint">
          {hint}
        </div>
      )}
    </div>
  );
}
