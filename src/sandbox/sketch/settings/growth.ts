import { mix } from '../colour.ts';
import type { Stage } from '../stage.ts';

/** Grass, leaves and bark in the season and the light of this picture. */
export interface Growth {
  readonly grass: string;
  readonly leaf: string;
  readonly bark: string;
  readonly isSnowy: boolean;
}

/** What grows, by season and light. */
export function growthOf({ understanding, palette }: Stage): Growth {
  const { season, weather, scene, style } = understanding;
  const isSnowy = weather === 'snow' || scene === 'snow' || season === 'winter';
  const day = isSnowy
    ? { grass: '#eef5fb', leaf: '#4f7f6c' }
    : {
        spring: { grass: '#8ccb5e', leaf: '#7cc46a' },
        summer: { grass: '#6fbb4c', leaf: '#4a9c4a' },
        autumn: { grass: '#d6ae58', leaf: '#e58a3a' },
        winter: { grass: '#eef5fb', leaf: '#4f7f6c' },
      }[season ?? 'summer'];
  const light = (colour: string) => {
    if (style === 'ink') return isSnowy ? '#f3f0e8' : mix('#6b6f70', palette.sky[3], 0.45);
    if (palette.isDark) return mix(colour, palette.sky[0], isSnowy ? 0.52 : 0.7);
    if (palette.isLow) return mix(colour, mix(palette.haze, palette.shade, 0.35), isSnowy ? 0.35 : 0.48);
    return mix(colour, palette.haze, understandingGloom(understanding.weather));
  };
  return { grass: light(day.grass), leaf: light(day.leaf), bark: light('#6b4a35'), isSnowy };
}

function understandingGloom(weather: string): number {
  return weather === 'clear' || weather === 'snow' ? 0.04 : 0.28;
}
