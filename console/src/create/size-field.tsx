import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Model } from '../api/wire.ts';
import { TextField } from '../design/field.tsx';
import { Choices, Shape } from './choices.tsx';
import {
  expectedPixels,
  hasFreeSizes,
  listedSizes,
  pixelsOf,
  sizeProblem,
  tiersOf,
  type Values,
} from './parameters.ts';

interface SizeFieldProps {
  models: readonly Model[];
  values: Values;
  onValue: (value: string | undefined) => void;
}

const exactly = 'exactly';

/** A tier, or one of the listed sizes as a grid, or any width and height within the model's bounds. */
export function SizeField({ models, values, onValue }: SizeFieldProps): JSX.Element {
  const chosen = typeof values['size'] === 'string' ? values['size'] : undefined;
  const isExact = chosen !== undefined && pixelsOf(chosen) !== undefined;
  const [isOpen, setOpen] = useState(isExact);
  const tiers = [...new Set(models.flatMap(tiersOf))];
  // Several models have defaults of their own.
  const preset = models.length === 1 ? models[0]?.parameters['size']?.['default'] : undefined;
  const presetTier = tiers.find((tier) => tier === preset);
  const choices = [
    ...(presetTier === undefined ? [{ value: '', label: 'Default' }] : []),
    ...tiers.map((tier) => ({ value: tier, label: tier })),
    { value: exactly, label: 'Exact' },
  ];
  const value = isOpen || isExact ? exactly : (chosen ?? presetTier ?? '');
  return (
    <div class="size-field">
      <Choices
        label="Size"
        choices={choices}
        value={value}
        onValue={(next) => {
          setOpen(next === exactly);
          if (next !== exactly) onValue(next === '' ? undefined : next);
        }}
        note={value === exactly ? undefined : pixelsNote(models, values)}
      />
      {value === exactly && <ExactSizes models={models} chosen={chosen} onValue={onValue} />}
    </div>
  );
}

function pixelsNote(models: readonly Model[], values: Values): string | undefined {
  const [model] = models;
  if (model === undefined || models.length > 1) return undefined;
  const pixels = expectedPixels(model, values);
  return pixels === undefined || pixels[0] < 64 ? undefined : `${pixels[0]} × ${pixels[1]} pixels`;
}

function ExactSizes(props: {
  models: readonly Model[];
  chosen: string | undefined;
  onValue: (value: string | undefined) => void;
}): JSX.Element {
  const { models, chosen, onValue } = props;
  const isFree = models.some(hasFreeSizes);
  const listed = new Map(models.flatMap((model) => [...listedSizes(model)]));
  return (
    <div class="exact-sizes">
      {listed.size > 0 && (
        <div class="exact-list">
          <Choices
            label="Listed sizes"
            look="grid"
            choices={[...listed].map(([size, shape]) => ({
              value: size,
              label: size.replace('x', ' × '),
              face: <Shape of={shape} />,
            }))}
            value={chosen ?? ''}
            onValue={onValue}
          />
        </div>
      )}
      {isFree && <FreeSize models={models} chosen={chosen} onValue={onValue} />}
    </div>
  );
}

function FreeSize({ models, chosen, onValue }: Parameters<typeof ExactSizes>[0]): JSX.Element {
  const [width = '', height = ''] = (pixelsOf(chosen ?? '') ?? []).map(String);
  const [typed, setTyped] = useState({ width, height });
  const shown = chosen !== undefined && pixelsOf(chosen) !== undefined ? { width, height } : typed;
  const size = `${shown.width}x${shown.height}`;
  const problem =
    pixelsOf(size) === undefined ? undefined : models.map((model) => sizeProblem(model, size)).find(Boolean);
  const enter = (next: typeof typed): void => {
    setTyped(next);
    const whole = `${next.width}x${next.height}`;
    onValue(pixelsOf(whole) === undefined ? undefined : whole);
  };
  return (
    <fieldset class="free-size">
      <legend class="field-label">Or any size</legend>
      <div class="free-size-sides">
        {(['width', 'height'] as const).map((side) => (
          <TextField
            key={side}
            label={side === 'width' ? 'Width' : 'Height'}
            inputMode="numeric"
            value={shown[side]}
            onValue={(text) => enter({ ...shown, [side]: text.replace(/\D/g, '').slice(0, 5) })}
          />
        ))}
      </div>
      {problem && <p class="field-error">{problem}</p>}
    </fieldset>
  );
}
