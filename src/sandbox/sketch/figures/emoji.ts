import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hsl, mix, toHsl } from '../colour.ts';
import { hueOf } from '../palette.ts';
import type { Definitions } from '../svg.ts';
import type { ColourName } from '../understanding.ts';

let bodies: Record<string, { readonly body: string }> | undefined;

/** The Fluent Emoji Flat drawings, 32 units square. Nine megabytes of JSON: read on first use, in the worker. */
export function emojiBody(name: string): string | undefined {
  if (!bodies) {
    const file = fileURLToPath(import.meta.resolve('@iconify-json/fluent-emoji-flat/icons.json'));
    bodies = (JSON.parse(readFileSync(file, 'utf8')) as { icons: Record<string, { body: string }> }).icons;
  }
  return Object.hasOwn(bodies, name) ? bodies[name]?.body : undefined;
}

/** Paints every colour of a drawing anew and gives its ids a scope of their own. */
export function repaint(body: string, define: Definitions, colour: (original: string) => string): string {
  const scope = define.scope();
  return body
    .replaceAll(/#([0-9a-f]{6}|[0-9a-f]{3})\b/gi, (original) => colour(original))
    .replaceAll(/\bid="([^"]+)"/g, `id="${scope}$1"`)
    .replaceAll(/url\(#([^)]+)\)/g, `url(#${scope}$1)`);
}

/** The colour a prompt gives a thing: its strong colours turn, its whites, greys and eyes stay. */
export function dyed(original: string, to: ColourName, keepsSkin = false): string {
  const [hue, saturation, lightness] = toHsl(original);
  if (saturation < 20 || lightness < 14 || lightness > 94) return original;
  // A pear is green enough already.
  if (Math.abs(hue - hueOf(to)) < 52 && saturation > 50 && !mixtures[to] && to !== 'orange' && to !== 'red')
    return original;
  if (keepsSkin && hue > 20 && hue < 52 && lightness > 38) return original;
  const special = mixtures[to]?.(lightness);
  return special ?? hsl(hueOf(to), Math.max(58, saturation * 0.9), lightness);
}

/** Colours that are more than a hue. */
const mixtures: Partial<Record<ColourName, (lightness: number) => string>> = {
  black: (lightness) => hsl(228, 10, lightness * 0.42),
  white: (lightness) => hsl(216, 18, 58 + lightness * 0.4),
  grey: (lightness) => hsl(220, 5, lightness),
  brown: (lightness) => hsl(24, 42, lightness * 0.78),
  navy: (lightness) => hsl(222, 62, lightness * 0.62),
  gold: (lightness) => hsl(42, 86, Math.min(70, lightness * 1.02)),
  pink: (lightness) => hsl(hueOf('pink'), 82, 40 + lightness * 0.55),
};

/** The picture's light over a colour. */
export function lit(colour: string, ambient: { readonly colour: string; readonly amount: number }): string {
  return ambient.amount > 0 ? mix(colour, ambient.colour, ambient.amount) : colour;
}
