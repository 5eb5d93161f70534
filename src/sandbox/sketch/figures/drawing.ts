import type { Stage } from '../stage.ts';
import { isPerson, kindOf } from '../figure-kinds.ts';
import type { ColourName } from '../understanding.ts';
import { mute, toHsl } from '../colour.ts';
import { wholeBody } from './bodies.ts';
import { dyed, emojiBody, lit, repaint } from './emoji.ts';
import { ownFigure } from './own-figures.ts';

export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** A figure by itself, in units of its own: where its feet are, and where others can hold on to it. */
export interface FigureDrawing {
  readonly markup: string;
  readonly width: number;
  readonly height: number;
  /** The middle of the head and half its width. */
  readonly head: Spot;
  /** Where somebody sits on it. */
  readonly seat: Spot;
}

/** What a figure is drawn with. `paint` brings an original colour into this picture's light. */
export interface FigureContext {
  readonly stage: Stage;
  readonly colour: ColourName | undefined;
  readonly paint: (original: string) => string;
  /** Without what is under the chest: for riders and those who sit in a boat. */
  readonly isHalf: boolean;
}

/** A colour word goes to the cloth of people, not to their skin. */
export function drawFigure(
  stage: Stage,
  name: string,
  colour: ColourName | undefined,
  isHalf = false,
): FigureDrawing | undefined {
  const { palette, understanding } = stage;
  const isSomebody = isPerson(name) || /^(woman|man|person)-|^skier$/.test(name);
  const paint = (original: string) => {
    const dye =
      colour && !(hasGlass(name) && isGlass(original)) ? dyed(original, colour, isSomebody) : original;
    const tone = understanding.style === 'ink' ? mute(dye, colour ? 0.35 : 0.72) : dye;
    return lit(tone, palette.ambient);
  };
  const context: FigureContext = { stage, colour, paint, isHalf };
  const own = ownFigure(name, context) ?? wholeBody(name, kindOf(name)?.place, context);
  if (own) return own;
  const body = emojiBody(name);
  if (body === undefined) return undefined;
  const markup = repaint(
    body,
    stage.define,
    floats(name)
      ? afloat(name, stage, paint)
      : isBuilding(name) && palette.isDark
        ? withLights(paint)
        : paint,
  );
  // Emoji stand on 30 of 32; the margin above and beside stays, it is small.
  return {
    markup,
    width: 32,
    height: name === 'sailboat' ? 27 : name === 'canoe' ? 25.5 : 30,
    head: headOf(name),
    seat: seatOf(name),
  };
}

const hasGlass = (name: string) =>
  /^(automobile|racing-car|sport-utility-vehicle|taxi|bus|minibus|.*truck|police-car|tractor|locomotive|tram|high-speed-train|helicopter|rocket|robot|house|airplane|flying-saucer)$/.test(
    name,
  );

/** Windows, lamps and screens keep their blue whatever colour the thing is. */
function isGlass(original: string): boolean {
  const [hue, saturation, lightness] = toHsl(original);
  return hue > 178 && hue < 216 && saturation > 30 && lightness > 48;
}

const floats = (name: string) => /boat$|^(canoe|ship|ferry|passenger-ship)$|rowing|swimming/.test(name);

/** The water an emoji brings along goes, or takes the colour of the water it is put into. */
function afloat(name: string, { palette }: Stage, paint: (original: string) => string) {
  if (name === 'sailboat' || name === 'canoe')
    return (original: string) => (/^#00a6ed$/i.test(original) ? 'none' : paint(original));
  return (original: string) =>
    /^#(00a6ed|0074ba|5092ff|26c9fc|26eafc|00b3ed)$/i.test(original)
      ? lit(palette.sky[1], { colour: palette.shade, amount: 0.16 })
      : paint(original);
}

const isBuilding = (name: string) => kindOf(name)?.place === 'backdrop';

/** At night somebody is at home: the blue panes and dark doors of buildings glow. */
function withLights(paint: (original: string) => string) {
  return (original: string) =>
    /^#(83cbff|26eafc|212121|00a6ed|321b41|5092ff)$/i.test(original) ? '#ffd27a' : paint(original);
}

const heads: Record<string, Spot> = {
  cat: { x: 7.6, y: 13, size: 5.6 }, 'black-cat': { x: 7.6, y: 13, size: 5.6 }, dog: { x: 8.5, y: 9.5, size: 5.6 },
  poodle: { x: 9, y: 9, size: 5 }, rabbit: { x: 9, y: 11, size: 6 }, horse: { x: 6, y: 6.4, size: 4.2 }, penguin: { x: 16, y: 8, size: 6.6 },
  owl: { x: 16, y: 9, size: 8 }, tiger: { x: 7.5, y: 10.5, size: 5.2 }, leopard: { x: 7.5, y: 10.5, size: 5.2 }, deer: { x: 8.6, y: 9.5, size: 4.2 },
  elephant: { x: 9, y: 12, size: 6.4 }, duck: { x: 9.5, y: 7, size: 5.4 }, swan: { x: 8, y: 7, size: 4.4 }, monkey: { x: 13, y: 9, size: 6.5 },
  pig: { x: 8, y: 15, size: 6 }, cow: { x: 8, y: 11, size: 5 }, bird: { x: 9.5, y: 7.5, size: 5.6 }, 'teddy-bear': { x: 16, y: 9, size: 7 },
  'snowman-without-snow': { x: 15, y: 9, size: 6 }, dragon: { x: 11, y: 8, size: 6 }, giraffe: { x: 8, y: 5.6, size: 4 }, chipmunk: { x: 11, y: 8, size: 5.4 },
  hedgehog: { x: 8, y: 20, size: 6 }, ghost: { x: 16, y: 11, size: 9 }, unicorn: { x: 6, y: 6.4, size: 4.2 },
}; // prettier-ignore

function headOf(name: string): Spot {
  return heads[name] ?? { x: 16, y: 7, size: 6 };
}

const seats: Record<string, Spot> = {
  horse: { x: 20, y: 12, size: 16 }, unicorn: { x: 20, y: 12, size: 16 }, elephant: { x: 19, y: 8, size: 15 }, camel: { x: 17, y: 8, size: 14 },
  bed: { x: 19, y: 18.5, size: 18 }, chair: { x: 16, y: 16.5, size: 14 }, dragon: { x: 16, y: 14, size: 13 }, rock: { x: 15, y: 5, size: 15 },
  'giraffe': { x: 17, y: 15, size: 12 }, 'spouting-whale': { x: 13, y: 11, size: 14 }, turtle: { x: 16, y: 11, size: 14 }, bicycle: { x: 12, y: 9, size: 18 },
  motorcycle: { x: 17, y: 14, size: 17 }, 'motor-scooter': { x: 19, y: 15, size: 17 }, skateboard: { x: 16, y: 10, size: 18 }, sailboat: { x: 24.5, y: 17, size: 15 },
  canoe: { x: 15, y: 19, size: 15 }, automobile: { x: 15, y: 12, size: 12 }, basket: { x: 16, y: 12, size: 16 }, bathtub: { x: 15, y: 16, size: 15 },
}; // prettier-ignore

function seatOf(name: string): Spot {
  return seats[name] ?? { x: 16, y: 4, size: 14 };
}
