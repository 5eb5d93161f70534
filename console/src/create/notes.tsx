import type { JSX } from 'preact';
import type { Model } from '../api/wire.ts';

/** Which of the chosen models does not take all of the input images. */
export function InputsNote({
  chosen,
  count,
}: {
  chosen: readonly Model[];
  count: number;
}): JSX.Element | null {
  const short = chosen.filter((model) => model.input_images.max < count);
  if (short.length === 0) return null;
  const [only] = short;
  if (chosen.length === 1 && only !== undefined) {
    return (
      <p class="field-error" role="status">
        {only.input_images.max === 0
          ? `${only.display_name} makes pictures from text only. Remove the input images or choose another model.`
          : `${only.display_name} takes ${only.input_images.max} input images. Remove ${count - only.input_images.max}.`}
      </p>
    );
  }
  return (
    <p class="field-hint" role="status">
      {short.map((model) => `${model.display_name} gets ${model.input_images.max || 'none'}`).join(', ')} of
      the {count} input images.
    </p>
  );
}

/** That a chosen model, or every model, cannot be served now. */
export function AvailabilityNote(props: {
  all: readonly Model[];
  chosen: readonly Model[];
}): JSX.Element | null {
  const { all, chosen } = props;
  const missing = chosen.filter(({ available }) => !available).map((model) => model.display_name);
  if (missing.length === 0) return null;
  return (
    <p class="field-error" role="status">
      {all.some(({ available }) => available)
        ? `${missing.join(', ')} cannot be served now. Choose another model.`
        : "No model can be served. A provider's credential has to be set on this server."}
    </p>
  );
}
