import type { Card } from './card.ts';
import type { Route } from './route.ts';

/** A model as this server offers it. No routes: listed, but not available. */
export interface Model {
  card: Card;
  routes: readonly Route[];
}

/** The models a caller may name. */
export interface Catalog {
  /** By id or alias, case-insensitive. */
  find(name: string): Model | undefined;
  /** In the order they are listed. */
  all(): readonly Model[];
}

/** A later model's alias never shadows an earlier model's id. */
export function makeCatalog(models: readonly Model[]): Catalog {
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
