import type { Figure } from './understanding.ts';
import { type FigureKind, vocabulary } from './words/vocabulary.ts';

const alive = new Set(['person', 'suit', 'robe', 'face', 'bust', 'ground', 'machine', 'perch']);

/** The figure's row in the table; people in motion are no row of their own and behave like a grown person. */
export function kindOf(name: string): FigureKind | undefined {
  const known = vocabulary().kinds.get(name);
  if (known) return known;
  if (!/-(running|walking|dancing|swimming|surfing|biking|in-lotus-position|rowing-boat)$|^skier$/.test(name))
    return undefined;
  const place = /swimming|surfing|rowing/.test(name) ? 'water' : 'ground';
  const home = place === 'water' ? 'water' : name === 'skier' ? 'snow' : 'hills';
  return { name, place, height: 480, home };
}

export function isPerson(name: string): boolean {
  return kindOf(name)?.place === 'person';
}

/** Whether somebody needs ground under the feet, so that a lake has to have a shore. */
export function needsLand(figures: readonly Figure[]): boolean {
  return figures.some((figure) => {
    const place = kindOf(figure.name)?.place ?? 'ground';
    const isCarried =
      figure.relation !== undefined && /^(on|in|riding|held|worn)$/.test(figure.relation.kind);
    return (
      !isCarried &&
      figure.relation?.kind !== 'over' &&
      figure.pose !== 'flying' &&
      !/^(water|leap|deep|sky|hang|span|wall|backdrop)$/.test(place)
    );
  });
}

export function isAlive(name: string): boolean {
  return alive.has(kindOf(name)?.place ?? '');
}

export function isScenery(name: string): boolean {
  return /^(backdrop|furniture|wall|span)$/.test(kindOf(name)?.place ?? '');
}
