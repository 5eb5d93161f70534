import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

export interface Choice {
  value: string;
  /** What is seen; the label alone when absent. */
  face?: ComponentChildren;
  label: string;
}

/** One of a few, all in sight. Radio buttons underneath: arrow keys move between them. */
export function Choices(props: {
  label: string;
  choices: readonly Choice[];
  value: string;
  onValue: (value: string) => void;
  /** `grid` for those that are drawn. */
  look?: 'grid';
  note?: ComponentChildren;
}): JSX.Element {
  const { label, choices, value, onValue, look, note } = props;
  const id = useId();
  return (
    <fieldset class="choices">
      <legend class="field-label">{label}</legend>
      <div class={look === 'grid' ? 'choices-grid' : 'choices-row'}>
        {choices.map((choice) => (
          <label key={choice.value} class="choice">
            <input
              type="radio"
              name={id}
              value={choice.value}
              checked={choice.value === value}
              onChange={() => onValue(choice.value)}
            />
            <span class="choice-face">
              {choice.face}
              <span>{choice.label}</span>
            </span>
          </label>
        ))}
      </div>
      {note && <p class="field-hint">{note}</p>}
    </fieldset>
  );
}

/** A shape drawn within a square of 1.25 rem; dashed when the model picks. */
export function Shape({ of }: { of: readonly [width: number, height: number] | undefined }): JSX.Element {
  const [width, height] = of ?? [1, 1];
  const longer = Math.max(width, height);
  return (
    <span class="shape-frame" aria-hidden="true">
      <span
        class={of === undefined ? 'shape shape-auto' : 'shape'}
        style={{ width: `${(width / longer) * 1.25}rem`, height: `${(height / longer) * 1.25}rem` }}
      />
    </span>
  );
}
