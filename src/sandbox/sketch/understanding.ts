export type SceneName =
  | 'water'
  | 'beach'
  | 'hills'
  | 'garden'
  | 'savanna'
  | 'forest'
  | 'bamboo'
  | 'mountain'
  | 'city'
  | 'desert'
  | 'space'
  | 'room'
  | 'table'
  | 'studio'
  | 'underwater'
  | 'sky'
  | 'snow'
  | 'stage'
  | 'abstract';

export type TimeOfDay = 'dawn' | 'day' | 'sunset' | 'night';

export type Weather = 'clear' | 'cloudy' | 'rain' | 'storm' | 'snow' | 'fog';

export type Season = 'spring' | 'summer' | 'autumn' | 'winter';

export type Style =
  | 'flat'
  | 'watercolour'
  | 'oil'
  | 'pixel'
  | 'pencil'
  | 'ink'
  | 'vintage'
  | 'mono'
  | 'low-poly'
  | 'neon'
  | 'paper';

export type ColourName =
  | 'red'
  | 'orange'
  | 'yellow'
  | 'gold'
  | 'green'
  | 'teal'
  | 'cyan'
  | 'blue'
  | 'navy'
  | 'indigo'
  | 'purple'
  | 'pink'
  | 'brown'
  | 'grey'
  | 'black'
  | 'white';

export type RelationKind =
  | 'on'
  | 'in'
  | 'under'
  | 'beside'
  | 'behind'
  | 'front'
  | 'over'
  | 'riding'
  | 'held'
  | 'worn';

/** One thing the prompt names. `relation.to` is an index into the same list: this figure is on, under, held by that one. */
export interface Figure {
  readonly name: string;
  readonly count: number;
  readonly colour?: ColourName;
  readonly relation?: { readonly kind: RelationKind; readonly to: number };
  readonly pose?: string;
}

/** What a prompt asks for, as far as the sandbox can draw it. The same prompt is always understood the same way. */
export interface Understanding {
  readonly scene: SceneName;
  readonly time: TimeOfDay;
  readonly weather: Weather;
  readonly season?: Season;
  readonly style: Style;
  readonly figures: readonly Figure[];
  /** Colours said of no figure: they tint the whole picture. */
  readonly tints: readonly ColourName[];
  /** Sun, moon, stars, rainbow, aurora, fireworks, petals ... */
  readonly accents: readonly string[];
  readonly isMinimal: boolean;
  readonly isPortrait: boolean;
}
