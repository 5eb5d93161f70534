import type { Model } from '../api/wire.ts';
import { imageReferences } from './inputs.ts';
import { takes, takenValues, type Values } from './parameters.ts';
import type { Run, RunRequest } from './run.ts';
import type { Draft } from './workspace.ts';

/** The request for one model: what it takes of what was chosen, and in words what it does not. */
export function requestFor(
  model: Model,
  { prompt, values, inputs }: Pick<Draft, 'prompt' | 'values' | 'inputs'>,
  references: readonly string[],
): RunRequest {
  const { max } = model.input_images;
  const leftOut = Object.entries(values)
    .filter(([name, value]) => !takes(model, name, value))
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  if (inputs.length > max) leftOut.push(`${inputs.length - max} of ${inputs.length} input images`);
  return {
    body: {
      model: model.id,
      prompt,
      ...withImages(references.slice(0, max)),
      ...takenValues(model, values),
    },
    inputs: inputs.slice(0, max),
    modelName: model.display_name,
    leftOut,
  };
}

/** The same request once more, with fresh addresses of its input images and what is changed in it. */
export async function sameRequest(run: Run, changes: Values): Promise<RunRequest> {
  const { body, inputs, modelName, leftOut } = run;
  const images = withImages(await imageReferences(inputs));
  return { body: { ...body, ...images, ...changes }, inputs, modelName, leftOut };
}

function withImages(images: readonly string[]): { images?: readonly string[] } {
  return images.length === 0 ? {} : { images };
}

/** A fresh seed. */
export function rollSeed(max: number): number {
  return Math.floor(Math.random() * (max + 1));
}
