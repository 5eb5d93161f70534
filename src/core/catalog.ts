import type { Card } from './card.ts';
import type { Route } from './route.ts';

/** A model as this server offers it. No routes: listed, but not available. */
export interface Model {
  card: Card;
  routes: readonly Route[];
}

/** Whether all of its routes have what the upstream grants to some accounts only: any of them may be taken. */
export function hasWatermarkGrant({ card, routes }: Model): boolean {
  return !card.watermarkOffNeedsGrant || (routes.length > 0 && routes.every((route) => route.watermarkFree));
}

/** The model with the card that holds for its routes: what the upstream has not granted is not offered. */
function asGranted(model: Model): Model {
  const { watermark } = model.card.parameters;
  if (watermark === undefined || hasWatermarkGrant(model)) return model;
  const parameters = { ...model.card.parameters, watermark: { ...watermark, enum: [true] } };
  return { ...model, card: { ...model.card, parameters } };
}

/** The models a caller may name. */
export interface Catalog {
  /** By id or alias, case-insensitive. */
  find(name: string): Model | undefined;
  /** In the order they are listed. */
  all(): readonly Model[];
}

/** A later model's alias never shadows an earlier model's id. */
export function makeCatalog(given: readonly Model[]): Catalog {
  const models = given.map(asGranted);
  const byName = new Map<string, Model>();
  for (const model of models) byName.set(model.card.id.toLowerCase(), model);
  for (const model of models) {
    for (const alias of model.card.aliases) {
      const name = alias.toLowerCase();
      if (!byName.has(name)) byName.set(name, model);
    }
  }
  return { find: (name) => byName.get(name.toLowerCase()), all: () => models };
}
