import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { AdminModel, Key, List } from '../../../src/http/admin/wire.ts';
import { ask } from '../api/client.ts';
import { useLoad } from '../api/use-load.ts';
import type { ModelList } from '../api/wire.ts';
import { Button } from '../design/button.tsx';
import { Select, TextField, type Option } from '../design/field.tsx';
import { Icon } from '../design/icon.tsx';
import { countFilters, noFilters, type Filters, type Status } from './filters.ts';

const typingMs = 300;

const statusNames: Record<Status, string> = {
  completed: 'Completed',
  failed: 'Failed',
  in_progress: 'In progress',
  all: 'All, in progress too',
};

interface FilterBarProps {
  filters: Filters;
  isAdmin: boolean;
  /** `isTyping`: one of several changes in a row, which make one step of the browser's history. */
  onFilters: (filters: Filters, isTyping: boolean) => void;
}

/** Search by words, and under a button what else narrows the list. What does is named below, with a way out. */
export function FilterBar({ filters, isAdmin, onFilters }: FilterBarProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const count = countFilters(filters);
  const models = useLoad((signal) => loadModels(isAdmin, signal), [isAdmin]);
  const keys = useLoad(
    async (signal) =>
      isAdmin ? (await ask<List<Key>>('GET', '/admin/keys', { signal })).data : ([] as readonly Key[]),
    [isAdmin],
  );
  const set = (change: Partial<Filters>): void => onFilters({ ...filters, ...change }, false);
  const modelOptions = withChosen(models.data ?? [], filters.model);
  const keyOptions = withChosen(
    (keys.data ?? []).map(({ id, name: label }) => ({ value: id, label })),
    filters.key,
  );

  return (
    <search class="filters">
      <div class="filters-main">
        <SearchField value={filters.q} onValue={(q) => onFilters({ ...filters, q }, true)} />
        <Button
          icon="sliders"
          aria-expanded={isOpen ? 'true' : 'false'}
          aria-controls="gallery-filters"
          onClick={() => setOpen(!isOpen)}
        >
          Filters{count > 0 && <span class="filters-count number">{count}</span>}
        </Button>
      </div>
      <div id="gallery-filters" class="filters-more card" hidden={!isOpen}>
        <Select
          label="Model"
          value={filters.model}
          options={[{ value: '', label: 'All models' }, ...modelOptions]}
          onValue={(model) => set({ model })}
        />
        <Select
          label="Status"
          value={filters.status}
          options={[
            { value: '', label: 'Finished' },
            ...Object.entries(statusNames).map(([value, label]) => ({ value, label })),
          ]}
          onValue={(status) => set({ status: status as Filters['status'] })}
        />
        {isAdmin && (
          <Select
            label="Key"
            value={filters.key}
            options={[{ value: '', label: 'All keys' }, ...keyOptions]}
            onValue={(key) => set({ key })}
          />
        )}
        <TextField
          label="From"
          type="date"
          value={filters.from}
          max={filters.to}
          onValue={(from) => set({ from })}
        />
        <TextField
          label="To"
          type="date"
          value={filters.to}
          min={filters.from}
          onValue={(to) => set({ to })}
        />
        {isAdmin && (
          <>
            <AmountField label="Cost from" value={filters.costMin} onValue={(costMin) => set({ costMin })} />
            <AmountField label="Cost to" value={filters.costMax} onValue={(costMax) => set({ costMax })} />
          </>
        )}
      </div>
      {count > 0 && (
        <ul class="filters-chosen" aria-label="Chosen filters">
          {chosen(filters, modelOptions, keyOptions).map(({ name, text, without }) => (
            <li key={name}>
              <button type="button" class="chip" onClick={() => set(without)}>
                <span class="visually-hidden">Remove the filter </span>
                {name}: <span class="foreign-text">{text}</span>
                <Icon name="close" />
              </button>
            </li>
          ))}
          <li>
            <Button
              kind="quiet"
              size="small"
              onClick={() => onFilters({ ...noFilters, q: filters.q }, false)}
            >
              Clear all
            </Button>
          </li>
        </ul>
      )}
    </search>
  );
}

/** Those whose pictures there can be: an admin's own key may not use them all. */
async function loadModels(isAdmin: boolean, signal: AbortSignal): Promise<readonly Option[]> {
  const { data } = isAdmin
    ? await ask<List<AdminModel>>('GET', '/admin/models', { signal })
    : await ask<ModelList>('GET', '/v1/models', { signal });
  return data.map(({ id, display_name: label }) => ({ value: id, label }));
}

/** Asks when nothing has been typed for a moment. */
function SearchField({ value, onValue }: { value: string; onValue: (value: string) => void }): JSX.Element {
  const [text, setText] = useState(value);
  const told = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    // Back and forward change it from outside; the echo of one's own typing does not.
    if (value === told.current) return;
    told.current = value;
    setText(value);
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const tell = (next: string): void => {
    clearTimeout(timer.current);
    if (next === told.current) return;
    told.current = next;
    onValue(next);
  };
  return (
    <div class="search-field">
      <Icon name="search" />
      <input
        class="input"
        type="search"
        aria-label="Search by words of the prompt"
        placeholder="Search prompts"
        maxLength={400}
        value={text}
        onInput={({ currentTarget: { value: next } }) => {
          setText(next);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => tell(next), typingMs);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') tell(event.currentTarget.value);
        }}
      />
    </div>
  );
}

/** An amount, told when one is done with it: half of one is another amount. */
function AmountField(props: { label: string; value: string; onValue: (value: string) => void }): JSX.Element {
  const [text, setText] = useState(props.value);
  useEffect(() => setText(props.value), [props.value]);
  const isBad = text !== '' && !/^\d{1,9}(\.\d{1,6})?$/.test(text);
  return (
    <TextField
      label={props.label}
      inputMode="decimal"
      placeholder="0.00"
      value={text}
      error={isBad ? 'A number such as 0.04' : null}
      onValue={setText}
      onChange={() => {
        if (!isBad && text !== props.value) props.onValue(text);
      }}
    />
  );
}

/** What the address names may be a model or key that is no longer there. */
function withChosen(options: readonly Option[], chosen: string): readonly Option[] {
  const isThere = chosen === '' || options.some(({ value }) => value === chosen);
  return isThere ? options : [...options, { value: chosen }];
}

function chosen(
  filters: Filters,
  models: readonly Option[],
  keys: readonly Option[],
): { name: string; text: string; without: Partial<Filters> }[] {
  const { model, status, key, from, to, costMin, costMax } = filters;
  return [
    { name: 'Model', is: model !== '', text: nameIn(models, model), without: { model: '' } },
    {
      name: 'Status',
      is: status !== '',
      text: status === '' ? '' : statusNames[status],
      without: { status: '' as const },
    },
    { name: 'Key', is: key !== '', text: nameIn(keys, key), without: { key: '' } },
    { name: 'Made', is: from + to !== '', text: range(from, to), without: { from: '', to: '' } },
    {
      name: 'Cost',
      is: costMin + costMax !== '',
      text: range(costMin, costMax),
      without: { costMin: '', costMax: '' },
    },
  ].filter(({ is }) => is);
}

function nameIn(options: readonly Option[], value: string): string {
  return options.find((option) => option.value === value)?.label ?? value;
}

function range(least: string, most: string): string {
  if (least === '') return `up to ${most}`;
  return most === '' ? `from ${least}` : `${least} to ${most}`;
}
