import { hsl, mix, mute, toHsl } from './colour.ts';
import type { Random } from './random.ts';
import type { ColourName, Understanding } from './understanding.ts';

/** The light of a picture. Everything else mixes its own colour with these, which is what makes one picture of it. */
export interface Palette {
  /** From the top of the sky down to the horizon. */
  readonly sky: readonly [string, string, string, string];
  readonly sun: string;
  readonly glow: string;
  /** What distance fades into. */
  readonly haze: string;
  /** What the nearest silhouettes are made of. */
  readonly shade: string;
  readonly cloud: string;
  readonly isDark: boolean;
  readonly isLow: boolean;
  /** The light on figures: how much of which colour lies over theirs. */
  readonly ambient: { readonly colour: string; readonly amount: number };
  /** A colour that stands out against this light. */
  readonly accent: string;
}

type Sky = readonly [
  sky: readonly [string, string, string, string],
  haze: string,
  shade: string,
  accent: string,
];

const dawns: readonly [Sky, ...Sky[]] = [
  [['#5c7fb5', '#a6a8d3', '#f5bfae', '#ffe6ba'], '#e6b6b3', '#474b78', '#ff8f6b'],
  [['#6a84c7', '#bfa8d8', '#f9b9b6', '#ffe9cb'], '#dcb0c2', '#48487e', '#ff9478'],
  [['#3f7d97', '#8fbfbd', '#f4d4a9', '#fff0cd'], '#b9cbbd', '#2d5666', '#ff9f5a'],
  [['#47569a', '#9a7fba', '#f39a94', '#ffd7a4'], '#cc92a6', '#37386a', '#ff7f66'],
  [['#5a93b8', '#a9c9d6', '#fbdcc0', '#fff3d9'], '#cfcfd0', '#41607f', '#ff9a76'],
];
const sunsets: readonly [Sky, ...Sky[]] = [
  [['#2d2a6b', '#8b3f86', '#f0656a', '#ffc46e'], '#b2587f', '#241d4c', '#ffb14f'],
  [['#1f3a6e', '#7a4f8f', '#ef7d57', '#ffd585'], '#a8647c', '#1c2a4e', '#ffbe55'],
  [['#451f55', '#b03f62', '#f5784b', '#ffd075'], '#b65462', '#31163f', '#ffb648'],
  [['#24476b', '#6a7fa3', '#f0a571', '#ffe2a6'], '#a98d92', '#20364f', '#ff9d4d'],
  [['#32215e', '#74438f', '#d96a8d', '#ffb98a'], '#9b5788', '#251746', '#ff9f68'],
];
const days: readonly [Sky, ...Sky[]] = [
  [['#3a8ee2', '#71bbf3', '#bce3fb', '#eff9ff'], '#b3d3ea', '#2f5d85', '#ff7a59'],
  [['#1f9ccf', '#71d0e3', '#c7f0ec', '#f6fff6'], '#b2dcdc', '#1f6278', '#ff8552'],
  [['#5ca6e6', '#a6d0f2', '#e4f0f7', '#fdf6e6'], '#c6d6e2', '#3f6690', '#f4795b'],
  [['#4fa0d8', '#8fcdea', '#d4eff0', '#fff8e2'], '#bcd9dc', '#2f6a80', '#ff8a5c'],
];
const nights: readonly [Sky, ...Sky[]] = [
  [['#070b28', '#131d52', '#27367a', '#4a5a9e'], '#3a4a8c', '#070a20', '#ffd27a'],
  [['#04141f', '#0a2d42', '#145066', '#2f7d88'], '#235c6c', '#03101a', '#ffcf86'],
  [['#120826', '#2a124d', '#4d2475', '#85489a'], '#533080', '#0c0620', '#ffc46b'],
];
const neons: readonly [Sky, ...Sky[]] = [
  [['#0b0524', '#26104f', '#7a1e7d', '#ff4f9a'], '#5a1f7a', '#0a0420', '#21e6ff'],
  [['#04102a', '#0c2a5e', '#1d5fa0', '#27d6e6'], '#1a4a86', '#030a1e', '#ff4fb0'],
];

const inkSky: Sky = [['#d9d6cb', '#e8e4d8', '#f1ece0', '#f6f2e7'], '#e2ded2', '#2b2c30', '#b3372c'];

const hues: Record<ColourName, number> = {
  red: 358, orange: 26, yellow: 48, gold: 42, green: 124, teal: 174, cyan: 188, blue: 214,
  navy: 222, indigo: 242, purple: 274, pink: 336, brown: 24, grey: 220, black: 230, white: 210,
}; // prettier-ignore

/** The hue of a colour word, in degrees. */
export function hueOf(colour: ColourName): number {
  return hues[colour];
}

/** Which light a picture is in: the prompt's time, weather, style and tint, and one of several by seed. */
export function paletteOf(understanding: Understanding, random: Random): Palette {
  const { time, weather, style } = understanding;
  const list = style === 'neon' ? neons : { dawn: dawns, sunset: sunsets, day: days, night: nights }[time];
  const [sky, haze, shade, accent] = style === 'ink' ? inkSky : tinted(random.pick(list), understanding);
  const isDark = style !== 'ink' && (time === 'night' || style === 'neon');
  const isLow = style !== 'ink' && (time === 'dawn' || time === 'sunset');
  const gloom =
    style === 'ink'
      ? 0
      : { clear: 0, snow: isDark ? 0.15 : 0.3, fog: 0.4, cloudy: 0.5, rain: 0.55, storm: 0.75 }[weather];
  const overcast = isDark
    ? '#2b3350'
    : weather === 'storm'
      ? '#5d6678'
      : isLow
        ? '#a79ba6'
        : weather === 'fog'
          ? '#dfe5ea'
          : '#9fb0bf';
  const dull = (colour: string) => mix(mute(colour, gloom * 0.6), overcast, gloom * 0.75);
  const amount =
    style === 'ink' ? 0 : isDark ? 0.34 : time === 'sunset' ? 0.16 : time === 'dawn' ? 0.08 : gloom * 0.15;
  return {
    sky: [dull(sky[0]), dull(sky[1]), dull(sky[2]), dull(sky[3])],
    sun: style === 'ink' ? '#c8473a' : isDark ? '#f6f1d8' : time === 'day' ? '#fff8dc' : '#fff3d0',
    glow:
      style === 'ink'
        ? '#f3d9cf'
        : isDark
          ? mix(sky[3], '#ffffff', 0.4)
          : time === 'day'
            ? '#fff6cf'
            : mix(accent, '#ffe9b0', 0.55),
    haze: dull(haze),
    shade: dull(shade),
    cloud:
      style === 'ink'
        ? '#fbf8ef'
        : isDark
          ? mix(sky[2], '#ffffff', 0.22)
          : isLow
            ? mix(sky[3], '#ffffff', 0.35)
            : mix('#ffffff', overcast, gloom * 0.5),
    isDark,
    isLow,
    ambient: { colour: isDark ? mix(sky[1], sky[0], 0.4) : haze, amount },
    accent,
  };
}

/** Another hue at the same lightness. */
function turn(colour: string, target: ColourName, share: number): string {
  const [, saturation, lightness] = toHsl(colour);
  const wanted = target === 'grey' ? 6 : Math.max(saturation, 45);
  return mix(colour, hsl(hueOf(target), wanted, lightness), share);
}

/** A colour said of the whole picture turns its sky, and keeps its light and dark. */
function tinted(sky: Sky, { tints, scene, time }: Understanding): Sky {
  const [first, second] = tints;
  if (!first || first === 'black' || first === 'white' || scene === 'room' || scene === 'studio') return sky;
  const low = second ?? first;
  const [stops, haze, shade, accent] = sky;
  const warm = time === 'sunset' || time === 'dawn' ? 0.65 : 0.85;
  return [
    [
      turn(stops[0], first, 0.9),
      turn(stops[1], first, 0.9),
      turn(stops[2], low, warm),
      turn(stops[3], low, warm * 0.8),
    ],
    turn(haze, low, 0.8),
    turn(shade, first, 0.8),
    accent,
  ];
}
