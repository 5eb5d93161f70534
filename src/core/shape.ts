import type { SizeRules } from './card.ts';
import { GatewayError } from './errors.ts';
import type { Shape } from './image-request.ts';

/** What the caller said about the shape; `auto` counts as not said. */
export interface AskedShape {
  size?: string;
  ratio?: string;
  /** A tier, after the card's quality words were applied. */
  qualityTier?: string;
}

interface Pixels {
  width: number;
  height: number;
}

/** Two ratios closer than this are one: upstream tables round their pixels (1472x1088 stands for 4:3). */
const ratioTolerance = 0.025;

/** WIDTHxHEIGHT as numbers, or undefined when the text has another form. */
export function parsePixels(size: string): Pixels | undefined {
  const match = /^([1-9]\d{0,5})x([1-9]\d{0,5})$/.exec(size);
  return match ? { width: Number(match[1]), height: Number(match[2]) } : undefined;
}

/** `W:H` as width / height. */
function ratioValue(ratio: string): number {
  const [width = 1, height = 1] = ratio.split(':').map(Number);
  return width / height;
}

/** The listed ratio nearest to an image's, measured as a factor so that 2:1 and 1:2 are equally far from 1:1. */
export function nearestRatio(image: Pixels, ratios: readonly string[]): string | undefined {
  const target = Math.log(image.width / image.height);
  const distance = (ratio: string): number => Math.abs(Math.log(ratioValue(ratio)) - target);
  return ratios.toSorted((a, b) => distance(a) - distance(b))[0];
}

/**
 * Turns size, ratio and quality into one shape by the card's rules (public-api.md section 4.2).
 * Throws GatewayError `invalid_value` on `size` or on `ratioParam` (the caller's spelling of ratio).
 */
export function resolveShape(
  rules: SizeRules,
  asked: AskedShape,
  firstInput: Pixels | undefined,
  ratioParam: string,
): Shape {
  const pixels = asked.size === undefined ? undefined : parsePixels(asked.size);
  if (asked.size !== undefined && pixels !== undefined) return shapeOfPixels(rules, pixels, asked);

  const sizeTier = asked.size;
  if (sizeTier !== undefined && asked.qualityTier !== undefined && sizeTier !== asked.qualityTier) {
    throw contradiction(
      `size '${sizeTier}' and quality '${asked.qualityTier}' ask for different resolutions. Send one of them.`,
    );
  }
  const tier = sizeTier ?? asked.qualityTier ?? rules.defaultTier;
  const table = rules.presets[tier];
  if (table === undefined) {
    throw new GatewayError(
      'invalid_value',
      `size '${tier}' is not offered. Use one of ${Object.keys(rules.presets).join(', ')}.`,
      { param: 'size' },
    );
  }
  const ratio =
    asked.ratio ?? (firstInput === undefined ? rules.defaultRatio : ratioOfInput(rules, table, firstInput));
  if (ratio === undefined) return { tier, ratio: undefined, pixels: undefined };
  const preset = table[ratio];
  if (preset === undefined) {
    throw new GatewayError(
      'invalid_value',
      `ratio '${ratio}' is not offered at ${tier}. Use one of ${Object.keys(table).join(', ')}.`,
      { param: ratioParam },
    );
  }
  return { tier, ratio, pixels: { width: preset[0], height: preset[1] } };
}

function ratioOfInput(rules: SizeRules, table: Record<string, unknown>, input: Pixels): string | undefined {
  return rules.shapeWithInputs === 'upstream' ? undefined : nearestRatio(input, Object.keys(table));
}

function shapeOfPixels(rules: SizeRules, pixels: Pixels, asked: AskedShape): Shape {
  const text = `${pixels.width}x${pixels.height}`;
  const matches = presetsOf(rules, pixels);
  if (matches.length === 0) {
    const problem = outsideOf(rules.free, pixels);
    if (problem !== undefined) {
      throw new GatewayError(
        'invalid_value',
        `size '${text}' is not possible: ${problem}. ${nearestAdvice(rules, pixels)}`,
        {
          param: 'size',
        },
      );
    }
  }
  const match =
    matches.find((preset) => preset.ratio === asked.ratio && preset.tier === asked.qualityTier) ??
    matches.find((preset) => preset.ratio === asked.ratio || preset.tier === asked.qualityTier) ??
    matches[0];
  if (asked.ratio !== undefined && match?.ratio !== asked.ratio) {
    const off = Math.abs(Math.log(pixels.width / pixels.height) - Math.log(ratioValue(asked.ratio)));
    if (off > ratioTolerance)
      throw contradiction(`size '${text}' does not have the ratio ${asked.ratio}. Send one of them.`);
  }
  if (asked.qualityTier !== undefined && match?.tier !== asked.qualityTier) {
    throw contradiction(`size '${text}' is not of quality '${asked.qualityTier}'. Send one of them.`);
  }
  return { tier: match?.tier, ratio: match?.ratio, pixels };
}

function presetsOf(rules: SizeRules, pixels: Pixels): { tier: string; ratio: string }[] {
  return Object.entries(rules.presets).flatMap(([tier, table]) =>
    Object.entries(table)
      .filter(([, [width, height]]) => width === pixels.width && height === pixels.height)
      .map(([ratio]) => ({ tier, ratio })),
  );
}

/** Why the pixels are outside the bounds, or undefined when they are within. */
function outsideOf(free: SizeRules['free'], { width, height }: Pixels): string | undefined {
  if (free === undefined) return 'this model makes a fixed list of sizes';
  const { multipleOf, minSide, maxSide, minPixels, maxPixels, minRatio, maxRatio } = free;
  if (minSide !== undefined && Math.min(width, height) < minSide)
    return `each side must be at least ${minSide}`;
  if (maxSide !== undefined && Math.max(width, height) > maxSide)
    return `each side must be at most ${maxSide}`;
  if (width * height < minPixels) return `it must have at least ${minPixels} pixels`;
  if (width * height > maxPixels) return `it must have at most ${maxPixels} pixels`;
  if (width / height < minRatio || width / height > maxRatio) {
    return `width divided by height must be ${Number(minRatio.toFixed(4))} to ${maxRatio}`;
  }
  if (width % multipleOf !== 0 || height % multipleOf !== 0)
    return `each side must be a multiple of ${multipleOf}`;
  return undefined;
}

function nearestAdvice(rules: SizeRules, pixels: Pixels): string {
  const nearest = nearestSize(rules, pixels);
  const listed = rules.free === undefined ? ` The sizes are ${listSizes(rules).join(', ')}.` : '';
  return `The nearest is ${nearest.width}x${nearest.height}; send that, or 'Prefer: handling=lenient' to have it chosen for you.${listed}`;
}

/** Every size of the presets, as WxH. */
export function listSizes(rules: SizeRules): string[] {
  return [
    ...new Set(
      Object.values(rules.presets).flatMap((table) => Object.values(table).map(([w, h]) => `${w}x${h}`)),
    ),
  ];
}

/**
 * The legal size nearest to what was asked: the ratio kept, scaled to the bound, each side rounded inward to
 * a multiple of 16 or the card's (public-api.md section 5); without free sizes the preset nearest in shape,
 * then in pixels.
 */
export function nearestSize(rules: SizeRules, asked: Pixels): Pixels {
  const { free } = rules;
  const near = free === undefined ? undefined : scaleInto(free, asked);
  if (near !== undefined) return near;
  const presets = Object.values(rules.presets).flatMap((table) => Object.values(table));
  const distance = ([width, height]: readonly [number, number]): number =>
    4 * Math.abs(Math.log((width / height) * (asked.height / asked.width))) +
    Math.abs(Math.log((width * height) / (asked.width * asked.height)));
  const [width, height] = presets.toSorted((a, b) => distance(a) - distance(b))[0] ?? [
    asked.width,
    asked.height,
  ];
  return { width, height };
}

function scaleInto(free: NonNullable<SizeRules['free']>, asked: Pixels): Pixels | undefined {
  const step = free.multipleOf === 1 ? 16 : free.multipleOf;
  const ratio = Math.min(Math.max(asked.width / asked.height, free.minRatio), free.maxRatio);
  const area = asked.width * asked.height;
  const wanted = Math.min(Math.max(area, free.minPixels), free.maxPixels);
  const low = free.minSide ?? 1;
  const high = free.maxSide ?? Number.MAX_SAFE_INTEGER;
  const clamp = (side: number): number => Math.min(Math.max(side, low), high);
  const width = clamp(Math.sqrt(wanted * ratio));
  const height = clamp(Math.sqrt(wanted / ratio));
  const up = (side: number): number => Math.ceil(side / step - 1e-9) * step;
  const down = (side: number): number => Math.floor(side / step + 1e-9) * step;
  // Inward: up from a lower bound, down from an upper one.
  const roundings = area <= free.minPixels ? [up, down] : [down, up];
  return roundings
    .map((round) => ({ width: round(width), height: round(height) }))
    .find((size) => outsideOf(free, size) === undefined);
}

function contradiction(message: string): GatewayError {
  return new GatewayError('invalid_value', message, { param: 'size' });
}
