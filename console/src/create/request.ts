import type { Model } from '../api/wire.ts';
import { takes, takenValues, type Values } from './parameters.ts';
import type { CreateBody } from './run.ts';

/** The request for one model: what it takes of what was chosen, and in words what it does not. */
export function requestFor(
  model: Model,
  { prompt, values, references }: { prompt: string; values: Values; references: readonly string[] },
): { body: CreateBody; modelName: string; leftOut: string[] } {
  const images = references.slice(0, model.input_images.max);
  const leftOut = Object.entries(values)
    .filter(([name, value]) => !takes(model, name, value))
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`);
  if (images.length < references.length)
    leftOut.push(`${references.length - images.length} of ${references.length} input images`);
  return {
    body: {
      model: model.id,
      prompt,
      ...(images.length === 0 ? {} : { images }),
      ...takenValues(model, values),
    },
    modelName: model.display_name,
    leftOut,
  };
}

/** A fresh seed. */
export function rollSeed(max: number): number {
  return Math.floor(Math.random() * (max + 1));
}
