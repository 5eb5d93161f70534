import { isAlive, isPerson, kindOf } from './figure-kinds.ts';
import { valuesOf } from './meanings.ts';
import { type Draft, maxFigures } from './read-figures.ts';
import type { Token } from './tokens.ts';

const poseFigures: Record<string, (name: string) => string | undefined> = {
  running: (name) => `${gender(name)}-running`,
  walking: (name) => (/^(girl|boy|child)$/.test(name) ? undefined : `${gender(name)}-walking`),
  dancing: (name) => (gender(name) === 'man' ? 'man-dancing' : 'woman-dancing'),
  swimming: (name) => `${gender(name)}-swimming`,
  surfing: (name) => `${gender(name)}-surfing`,
  cycling: (name) => `${gender(name)}-biking`,
  meditating: (name) => `${gender(name)}-in-lotus-position`,
  rowing: (name) => `${gender(name)}-rowing-boat`,
  skiing: () => 'skier',
};

function gender(name: string): string {
  if (/woman|girl/.test(name)) return 'woman';
  return /man|boy/.test(name) ? 'man' : 'person';
}

/** People are drawn doing what the prompt says, where an emoji of that exists; animals keep the pose's name. */
export function posed(figures: Draft[], tokens: readonly Token[]): Draft[] {
  const pose = valuesOf(tokens, 'pose')[0];
  const [first] = figures;
  const bicycle = figures.find((figure) => figure.name === 'bicycle');
  const rider = figures.find(
    (figure) => figure.relation?.kind === 'riding' && figures[figure.relation.to] === bicycle,
  );
  if (bicycle && rider && isPerson(rider.name)) {
    rider.name = `${gender(rider.name)}-biking`;
    delete rider.relation;
    return without(figures, bicycle);
  }
  if (pose === undefined) return figures;
  if (!first) return addDoer(pose);
  const actor =
    figures.find((figure) => isPerson(figure.name)) ??
    figures.find((figure) => isAlive(figure.name)) ??
    first;
  const moving = isPerson(actor.name) ? poseFigures[pose]?.(actor.name) : undefined;
  const holdsSomething = figures.some(
    (figure) => figure.relation && figures[figure.relation.to] === actor && figure.relation.kind === 'held',
  );
  if (moving !== undefined && !(pose === 'walking' && holdsSomething)) actor.name = moving;
  // "Children flying kites" stay on the ground.
  if (pose !== 'flying' || !isPerson(actor.name)) actor.pose = pose;
  if (
    pose === 'reading' &&
    !figures.some((figure) => /book|newspaper/.test(figure.name)) &&
    figures.length < maxFigures
  )
    figures.push({ name: 'open-book', count: 1, relation: { kind: 'held', to: figures.indexOf(actor) } });
  return figures;
}

/** "surfing at sunset" names nobody, yet somebody surfs. */
function addDoer(pose: string): Draft[] {
  if (!/surfing|cycling|meditating|rowing|skiing|dancing/.test(pose)) return [];
  const name = poseFigures[pose]?.('person');
  return name === undefined ? [] : [{ name, count: 1, pose }];
}

/** A dress a woman wears is her colour, not a dress standing beside her. */
export function dressed(figures: Draft[]): Draft[] {
  for (const garment of figures.filter((figure) => kindOf(figure.name)?.place === 'garment')) {
    const wearer = garment.relation && figures[garment.relation.to];
    if (!wearer || !isAlive(wearer.name)) continue;
    if (garment.colour) wearer.colour = garment.colour;
    return dressed(without(figures, garment));
  }
  return figures;
}

/** A scarf, a guitar or an umbrella goes to the first living figure, said or not. */
export function carried(figures: Draft[]): Draft[] {
  const bearer = figures.findIndex((figure) => isAlive(figure.name));
  figures.forEach((figure, index) => {
    const place = kindOf(figure.name)?.place;
    if (
      bearer < 0 ||
      index === bearer ||
      figure.relation ||
      (place !== 'worn' && place !== 'held' && place !== 'garment')
    )
      return;
    figure.relation = { kind: place === 'held' ? 'held' : 'worn', to: bearer };
  });
  return figures;
}

export function without(figures: Draft[], gone: Draft): Draft[] {
  const at = figures.indexOf(gone);
  const kept = figures.filter((figure) => figure !== gone);
  for (const figure of kept) {
    if (!figure.relation) continue;
    if (figure.relation.to === at) delete figure.relation;
    else if (figure.relation.to > at) figure.relation.to -= 1;
  }
  return kept;
}
