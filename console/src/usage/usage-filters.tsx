import type { JSX } from 'preact';
import { Select, TextField } from '../design/field.tsx';
import { presetRanges } from './days.ts';
import type { Grouping } from './sum-usage.ts';
import type { UsageView } from './view.ts';

/** Which days, whose, and how they are told apart. */
export function UsageFilters(props: {
  view: UsageView;
  /** Undefined: there is one key only, the reader's own. */
  keys: readonly { id: string; name: string }[] | undefined;
  problem: string | undefined;
  onChange: (change: Partial<UsageView>) => void;
}): JSX.Element {
  const { view, keys, problem, onChange } = props;
  const { range } = view;
  const presets = Object.entries(presetRanges(Date.now()));
  return (
    <div class="usage-filters">
      <fieldset class="segmented">
        <legend class="visually-hidden">Days</legend>
        {presets.map(([name, preset]) => (
          <label key={name}>
            <input
              type="radio"
              name="days"
              checked={preset.from === range.from && preset.to === range.to}
              onChange={() => onChange({ range: preset })}
            />
            <span>{name}</span>
          </label>
        ))}
      </fieldset>
      <TextField
        label="From"
        type="date"
        value={range.from}
        max={range.to}
        error={problem}
        onValue={(from) => onChange({ range: { ...range, from } })}
      />
      <TextField
        label="To"
        type="date"
        value={range.to}
        min={range.from}
        onValue={(to) => onChange({ range: { ...range, to } })}
      />
      {keys !== undefined && (
        <>
          <Select
            label="Key"
            value={view.key}
            options={keyOptions(keys, view.key)}
            onValue={(key) => onChange({ key })}
          />
          <Select
            label="Told apart by"
            value={view.by}
            options={[
              { value: 'model', label: 'Model' },
              { value: 'key', label: 'Key' },
            ]}
            onValue={(by) => onChange({ by: by as Grouping })}
          />
        </>
      )}
    </div>
  );
}

/** A link may name a key that is gone. */
function keyOptions(keys: readonly { id: string; name: string }[], chosen: string) {
  const known = keys.map(({ id, name }) => ({ value: id, label: name }));
  const isKnown = chosen === '' || keys.some(({ id }) => id === chosen);
  return [
    { value: '', label: 'All keys' },
    ...known,
    ...(isKnown ? [] : [{ value: chosen, label: 'Deleted key' }]),
  ];
}
