import { carried, dressed, posed, without } from './act-figures.ts';
import { isPerson, kindOf } from './figure-kinds.ts';
import { lastOf, means, valuesOf } from './meanings.ts';
import { figuresIn } from './read-figures.ts';
import { type Token, tokenize } from './tokens.ts';
import type {
  ColourName,
  Figure,
  SceneName,
  Season,
  Style,
  TimeOfDay,
  Understanding,
  Weather,
} from './understanding.ts';

/** Reads a prompt in English or Chinese. Any text is fine; one with nothing known is an abstract picture. */
export function understand(prompt: string): Understanding {
  const tokens = tokenize(prompt);
  const named = dressed(carried(posed(figuresIn(tokens), tokens)));
  const style = (lastOf(tokens, 'style') ?? 'flat') as Style;
  const accents = [...new Set(valuesOf(tokens, 'accent'))];
  const scene = sceneOf(tokens, named, accents, style);
  const figures = named.filter((figure) => isDrawnBy(scene, figure.name)).reduce(without, named);
  const season = valuesOf(tokens, 'season')[0] as Season | undefined;
  return {
    scene,
    time: timeOf(tokens, accents, style),
    weather: weatherOf(tokens),
    ...(season && { season }),
    style,
    figures,
    tints: tintsIn(tokens).filter((tint) => !isNatural(tint, scene)),
    accents,
    isMinimal: tokens.some((token) => means(token, 'manner', 'minimal')),
    isPortrait: tokens.some((token) => means(token, 'manner', 'portrait')),
  };
}

/** What the scene itself draws: a bamboo grove, the table of a still life. */
function isDrawnBy(scene: SceneName, name: string): boolean {
  return (scene === 'bamboo' && name === 'bamboo') || (scene === 'table' && name === 'wooden-table');
}

const sceneWeight: Partial<Record<SceneName, number>> = {
  sky: 3,
  hills: 7,
  forest: 9,
  studio: 9,
  abstract: 6,
  stage: 9,
};

function sceneOf(
  tokens: readonly Token[],
  figures: readonly Figure[],
  accents: readonly string[],
  style: Style,
): SceneName {
  const score = new Map<SceneName, number>();
  const add = (scene: SceneName, weight: number) => score.set(scene, (score.get(scene) ?? 0) + weight);
  valuesOf(tokens, 'scene').forEach((value, index) => {
    const scene = value as SceneName;
    add(scene, (sceneWeight[scene] ?? 10) - Math.min(index, 4) * 0.4);
  });
  figures.forEach((figure, index) => {
    const home = kindOf(figure.name)?.home as SceneName | undefined;
    if (home) add(home, index === 0 ? 3 : 2);
    if (home === 'room' && kindOf(figure.name)?.place === 'furniture') add('room', 6);
  });
  const isStillLife =
    figures.length > 1 &&
    figures.every((figure) => /^(surface|furniture)$/.test(kindOf(figure.name)?.place ?? ''));
  if (isStillLife && figures.some((figure) => figure.name === 'wooden-table')) add('table', 12);
  if (
    figures.some((figure) => isPerson(figure.name) || figure.pose === 'dancing') &&
    valuesOf(tokens, 'weather').includes('rain')
  )
    add('city', 4);
  for (const accent of accents) {
    if (accent === 'waterfall' || accent === 'fuji' || accent === 'aurora' || accent === 'wall')
      add('mountain', 4);
    if (accent === 'volcano') add('mountain', 2);
  }
  const [best] = [...score].sort(([, a], [, b]) => b - a);
  if (
    tokens.some((token) => means(token, 'manner', 'portrait')) &&
    figures.length > 0 &&
    (best?.[1] ?? 0) < 7
  )
    return 'studio';
  if (best) return best[0];
  if (style === 'ink') return 'mountain';
  if (style === 'neon') return 'city';
  if (accents.some((accent) => /fireworks/.test(accent))) return 'city';
  if (valuesOf(tokens, 'time').some((time) => time === 'dawn' || time === 'sunset')) return 'water';
  const isOutdoors = ['time', 'weather', 'season', 'accent'].some(
    (kind) => valuesOf(tokens, kind).length > 0,
  );
  return isOutdoors ? 'hills' : 'abstract';
}

function timeOf(tokens: readonly Token[], accents: readonly string[], style: Style): TimeOfDay {
  const named = valuesOf(tokens, 'time')[0];
  if (named) return named as TimeOfDay;
  if (accents.some((accent) => /^(moon|stars|aurora|fireworks|fireflies)$/.test(accent))) return 'night';
  return style === 'neon' ? 'night' : 'day';
}

function weatherOf(tokens: readonly Token[]): Weather {
  const values = valuesOf(tokens, 'weather') as Weather[];
  return (
    (['storm', 'rain', 'snow', 'fog', 'cloudy', 'clear'] as const).find((weather) =>
      values.includes(weather),
    ) ?? 'clear'
  );
}

const natural: Partial<Record<SceneName, RegExp>> = {
  hills: /^green$/,
  garden: /^green$/,
  forest: /^green$/,
  bamboo: /^green$/,
  water: /^(blue|cyan)$/,
  beach: /^(blue|white|gold)$/,
  sky: /^(blue|white)$/,
  underwater: /^blue$/,
  snow: /^(white|blue)$/,
  desert: /^(gold|yellow|orange)$/,
};

/** A green hill and a blue sea are no reason to dye the sky. */
function isNatural(tint: ColourName, scene: SceneName): boolean {
  return natural[scene]?.test(tint) ?? false;
}

const tonal =
  /^(and|or|the|with|in|to|tones?|themed?|palettes?|colou?rs?|backgrounds?|light|lighting|lights|hues?|tints?|moods?|atmosphere|style|gradient|accents?|shades?|glow|shapes)$/;

/** "Black hair" says nothing about the picture; "purple tones" and "teal and orange" do. */
function isOfThePicture(following: Token | undefined): boolean {
  return !following || !means(following, 'unknown') || tonal.test(following.text);
}

function tintsIn(tokens: readonly Token[]): ColourName[] {
  const tints: ColourName[] = [];
  tokens.forEach((token, at) => {
    const colour = token.meanings.find((meaning) => meaning.kind === 'colour')?.value as
      | ColourName
      | undefined;
    if (!colour || tints.includes(colour)) return;
    for (let next = at + 1; next <= at + 3; next++) {
      const following = tokens[next];
      if (!following || means(following, 'break') || means(following, 'scene')) break;
      if (means(following, 'figure')) return;
    }
    if (!isOfThePicture(tokens[at + 1])) return;
    tints.push(colour);
  });
  return tints.slice(0, 3);
}
