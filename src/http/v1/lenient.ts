import type { Card } from '../../core/card.ts';
import type { Model } from '../../core/catalog.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Warning } from '../../core/record.ts';
import { nearestRatio, nearestSize, parsePixels, resolveShape } from '../../core/shape.ts';
import { fields } from './fields.ts';
import { isObject, readGiven, spellingOf, type Given } from './given-fields.ts';
import { checkGrants, groupSum, missedFormats, readShapeWishes } from './joint-rules.ts';
import { isAllowedOption, isExposed } from './refuse-unsupported.ts';

type Body = Readonly<Record<string, unknown>>;

/**
 * Never bent: which model, what is to be seen, and whether the reply is a stream, which a client that asked for one
 * reads as nothing at all when it is none. Values of the last two are this server's own on every model: a wrong one
 * is a mistake, not something the model cannot meet.
 */
const untouched: ReadonlySet<string> = new Set([
  'model',
  'prompt',
  'reference_images',
  'mask',
  'stream',
  'user',
  'webhook_url',
]);

/** Enough to see what is wrong; a body may hold thousands of unknown fields. */
const maxUnknownWarnings = 20;

/**
 * A body as the model can meet it: what it does not expose or nobody knows is left out, a value that it cannot meet
 * becomes the nearest that it can, and each change is a warning (public-api.md section 5). What is malformed stays
 * as it is and is refused by whoever reads the body next.
 */
export function bendToCard(body: Body, model: Model): { body: Body; warnings: Warning[] } {
  const { card } = model;
  const given = readGiven(body);
  const bent: Record<string, unknown> = { ...body };
  /** By field name, as they stand now. */
  const values: Record<string, unknown> = { ...given.values };
  const warnings: Warning[] = [];
  const change = (name: string, used: unknown, message: string): void => {
    const param = spellingOf(given, name);
    const earlier = warnings.findIndex((warning) => warning.param === param);
    const requested = abbreviate(given.values[name]);
    // The last word on a field is the only one.
    if (earlier >= 0) warnings.splice(earlier, 1);
    warnings.push({ param, requested, used: used ?? null, message });
    if (used === undefined) {
      delete bent[param];
      delete values[name];
    } else {
      bent[param] = used;
      values[name] = used;
    }
  };

  if (values['watermark'] === false && throws(() => checkGrants(values, model)))
    change('watermark', undefined, `Model '${card.id}' always carries its provider's watermark here.`);
  for (const field of fields) {
    const { name, exposed } = field;
    const value = values[name];
    if (value === undefined || untouched.has(name)) continue;
    if (!isExposed(name, exposed, card)) {
      if (!field.asksForNothing(value))
        change(name, undefined, `Model '${card.id}' has no '${name}'; it was left out.`);
    } else if (name === 'provider_options') {
      const kept = allowedOptions(value, card);
      if (kept !== undefined)
        change(name, kept, `Only the options that model '${card.id}' takes were passed on.`);
    } else {
      const schema: Body = card.parameters[name] ?? {};
      const nearest = nearestValue(name, value, schema, card);
      if (nearest !== undefined) change(name, nearest.used, nearest.message);
    }
  }
  agreeOnShape(values, card, change);
  agreeOnGroup(values, countInputs(given), change);
  agreeOnFormat(values, card, change);
  return { body: withoutUnknown(bent, given, warnings), warnings };
}

type Change = (name: string, used: unknown, message: string) => void;

interface Nearest {
  /** Undefined: left out. */
  used: unknown;
  message: string;
}

/** Undefined: the value can be met, or it is malformed and nothing is near it. */
function nearestValue(name: string, value: unknown, schema: Body, card: Card): Nearest | undefined {
  const allowed = Array.isArray(schema['enum']) ? schema['enum'] : undefined;
  if (allowed?.includes(value) === true || value === 'auto') return undefined;
  if (Number.isInteger(value)) {
    const used = clamp(Number(value), schema);
    return used === value
      ? undefined
      : { used, message: `'${name}' ${String(value)} cannot be met; ${used} was used.` };
  }
  if (typeof value === 'boolean') {
    return typeof allowed?.[0] === 'boolean'
      ? { used: allowed[0], message: `Model '${card.id}' has only ${name} ${allowed[0]}.` }
      : undefined;
  }
  if (typeof value !== 'string') return undefined;
  const words = (allowed ?? []).filter((word) => typeof word === 'string' && word !== 'auto').map(String);
  const used =
    name === 'size'
      ? nearestSizeWord(value, words, card)
      : name === 'ratio'
        ? nearestRatioWord(value, words)
        : name === 'quality'
          ? nearestQuality(value, words, card)
          : undefined;
  if (used === value) return undefined;
  if (used !== undefined)
    return {
      used,
      message: `${name} '${value}' is not possible with model '${card.id}'; the nearest, '${used}', was used.`,
    };
  // Words without an order have no nearest; the model's own default stands in.
  return allowed !== undefined && ownWords.has(name)
    ? {
        used: undefined,
        message: `Model '${card.id}' has no ${name} '${value.slice(0, 100)}'; its default was used.`,
      }
    : undefined;
}

/** Fields whose words differ from model to model. */
const ownWords: ReadonlySet<string> = new Set([
  'quality',
  'style',
  'background',
  'moderation',
  'input_fidelity',
]);

function clamp(value: number, schema: Body): number {
  const { minimum, maximum } = schema;
  const low = typeof minimum === 'number' ? Math.max(value, minimum) : value;
  return typeof maximum === 'number' ? Math.min(low, maximum) : low;
}

/** Also of sizes written in another way, e.g. `1024X1024`. */
function nearestSizeWord(size: string, words: readonly string[], card: Card): string | undefined {
  const [, across, down] = /^\s*0*([1-9]\d{0,5})\s*[x*\u00d7]\s*0*([1-9]\d{0,5})\s*$/i.exec(size) ?? [];
  const rules = card.size;
  if (across === undefined || down === undefined) {
    return nearestTier(size, rules === undefined ? words : Object.keys(rules.presets));
  }
  const asked = { width: Number(across), height: Number(down) };
  const text = `${asked.width}x${asked.height}`;
  if (rules !== undefined) {
    if (!throws(() => resolveShape(rules, { size: text }, undefined, 'ratio'))) return text;
    const { width, height } = nearestSize(rules, asked);
    return `${width}x${height}`;
  }
  const listed = words.flatMap((word) => parsePixels(word) ?? []);
  if (listed.length === 0) return text;
  const presets: Record<string, [number, number]> = {};
  for (const { width, height } of listed) presets[`${width}x${height}`] = [width, height];
  const { width, height } = nearestSize(
    { presets: { '': presets }, defaultTier: '', defaultRatio: '', shapeWithInputs: 'nearest' },
    asked,
  );
  return `${width}x${height}`;
}

/** `2k`, `8K`: the tier nearest as a factor. */
function nearestTier(text: string, tiers: readonly string[]): string | undefined {
  const asked = tierValue(text);
  if (asked === undefined) return undefined;
  const near = tiers.flatMap((tier) => {
    const value = tierValue(tier);
    return value === undefined ? [] : [{ tier, distance: Math.abs(Math.log(value / asked)) }];
  });
  return near.toSorted((a, b) => a.distance - b.distance)[0]?.tier;
}

function tierValue(text: string): number | undefined {
  const number = /^\s*(\d{1,3}(?:\.\d{1,2})?)\s*k\s*$/i.exec(text)?.[1];
  return number === undefined || Number(number) === 0 ? undefined : Number(number);
}

function nearestRatioWord(ratio: string, words: readonly string[]): string | undefined {
  const [, width = '0', height = '0'] =
    /^\s*(\d{1,5}(?:\.\d{1,4})?)\s*:\s*(\d{1,5}(?:\.\d{1,4})?)\s*$/.exec(ratio) ?? [];
  if (Number(width) <= 0 || Number(height) <= 0) return undefined;
  // Where the card lists none, any will do.
  return words.length === 0 ? ratio : nearestRatio({ width: Number(width), height: Number(height) }, words);
}

/** Every vendor's words for how much care is taken, from the least to the most. */
const qualityRank: Readonly<Record<string, number>> = {
  low: 0,
  draft: 0,
  standard: 1,
  medium: 1,
  high: 2,
  hd: 2,
  xhigh: 3,
  ultra: 3,
  max: 3,
};

function nearestQuality(quality: string, words: readonly string[], card: Card): string | undefined {
  if (words.length === 0) return quality;
  const tier = nearestTier(quality, words);
  if (tier !== undefined) return tier;
  const asked = rankOf(quality);
  const near = words.flatMap((word) => {
    const rank = rankOf(word);
    return asked === undefined || rank === undefined ? [] : [{ word, distance: Math.abs(rank - asked) }];
  });
  const word = near.toSorted((a, b) => a.distance - b.distance)[0]?.word;
  if (word === undefined) return undefined;
  return Object.hasOwn(card.qualityWords, word) ? card.qualityWords[word] : word;
}

function rankOf(word: string): number | undefined {
  const name = word.trim().toLowerCase();
  return Object.hasOwn(qualityRank, name) ? qualityRank[name] : undefined;
}

/** Of size, ratio and quality that contradict each other the size counts, being the most exact. */
function agreeOnShape(values: Record<string, unknown>, card: Card, change: Change): void {
  const rules = card.size;
  if (rules === undefined || !['size', 'ratio', 'quality'].every((name) => isTextOrAbsent(values[name])))
    return;
  const isImpossible = (tried: Body): boolean =>
    throws(() => resolveShape(rules, readShapeWishes(tried, card).asked, undefined, 'ratio'));
  if (!isImpossible(values)) return;
  const size = values['size'];
  const isSized = typeof size === 'string' && size !== 'auto';
  // By themselves they must be good, or nothing here is the reason.
  if (isImpossible({ size }) || (isSized && isImpossible({ ...values, ratio: 'auto', quality: 'auto' })))
    return;
  if (isSized && isImpossible({ size, quality: values['quality'] }))
    change('quality', undefined, `quality does not go with size '${size}'; the size was used.`);
  if (!isImpossible(values)) return;
  const pixels = isSized ? parsePixels(size) : undefined;
  if (pixels !== undefined) {
    change('ratio', undefined, `ratio does not go with size '${String(size)}'; the size was used.`);
    return;
  }
  const { asked } = readShapeWishes(values, card);
  const table = rules.presets[asked.size ?? asked.qualityTier ?? rules.defaultTier] ?? {};
  const near = nearestRatioWord(asked.ratio ?? '', Object.keys(table));
  if (near !== undefined)
    change('ratio', near, `ratio '${asked.ratio}' is not offered at this size; '${near}' was used.`);
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function agreeOnGroup(values: Record<string, unknown>, inputs: number, change: Change): void {
  const optionsName = 'sequential_image_generation_options';
  const options = values[optionsName];
  const maxImages = isObject(options) ? options['max_images'] : undefined;
  if (values['sequential_image_generation'] !== 'auto') {
    if (typeof maxImages === 'number' && maxImages > 1)
      change(optionsName, undefined, `max_images needs sequential_image_generation 'auto'; it was left out.`);
    return;
  }
  if (typeof values['n'] === 'number' && values['n'] > 1)
    change('n', 1, "'n' does not go with sequential_image_generation 'auto'; max_images says how many.");
  const most = groupSum - inputs;
  if (!Number.isInteger(maxImages) || most < 1) return;
  const used = Math.min(Math.max(Number(maxImages), 1), most);
  if (used !== maxImages)
    change(
      optionsName,
      { ...(isObject(options) ? options : {}), max_images: used },
      `max_images can be 1 to ${most} with ${inputs} input images; ${used} was used.`,
    );
}

function agreeOnFormat(values: Record<string, unknown>, card: Card, change: Change): void {
  for (const name of Object.keys(card.formatNeeds?.fields ?? {})) {
    const formats = missedFormats(name, values, card);
    if (formats !== undefined)
      change(name, undefined, `${name} needs output_format ${formats.join(' or ')}; it was left out.`);
  }
}

/** Without judging them: that is done where they are read. */
function countInputs({ values }: Given): number {
  const images = values['reference_images'];
  return images === undefined ? 0 : Array.isArray(images) ? images.length : 1;
}

/** What of the raw options may be passed on; undefined: all of it, or it is malformed. */
function allowedOptions(options: unknown, card: Card): Body | undefined {
  if (!isObject(options) || !Object.values(options).every(isObject)) return undefined;
  let dropped = false;
  const kept = Object.entries(options).flatMap(([provider, named]) => {
    const allowed = Object.entries(Object(named) as Body).filter(([name]) => {
      const isAllowed = isAllowedOption(card, provider, name);
      dropped ||= !isAllowed;
      return isAllowed;
    });
    const isKnown = Object.hasOwn(card.providerOptions, provider);
    dropped ||= !isKnown;
    return isKnown ? [[provider, Object.fromEntries(allowed)] as const] : [];
  });
  return dropped ? Object.fromEntries(kept) : undefined;
}

function withoutUnknown(body: Body, { unknown }: Given, warnings: Warning[]): Body {
  if (unknown.length === 0) return body;
  for (const key of unknown.slice(0, maxUnknownWarnings)) {
    const param = key.slice(0, 100);
    warnings.push({
      param,
      requested: abbreviate(body[key]),
      used: null,
      message: `There is no parameter '${param}'; it was left out.`,
    });
  }
  const more = unknown.length - maxUnknownWarnings;
  if (more > 0) {
    const message = `${more} more unknown parameters were left out.`;
    warnings.push({
      param: unknown[maxUnknownWarnings]?.slice(0, 100) ?? '',
      requested: null,
      used: null,
      message,
    });
  }
  const strangers = new Set(unknown);
  return Object.fromEntries(Object.entries(body).filter(([key]) => !strangers.has(key)));
}

/** As much of a value as a person needs to know which one is meant. */
function abbreviate(value: unknown): unknown {
  const max = 200;
  if (typeof value === 'string') return value.length > max ? `${value.slice(0, max)}...` : value;
  if (typeof value !== 'object' || value === null) return value;
  const text = JSON.stringify(value);
  return text.length > max ? `${text.slice(0, max)}...` : value;
}

function throws(check: () => unknown): boolean {
  try {
    check();
    return false;
  } catch (error) {
    if (error instanceof GatewayError) return true;
    throw error;
  }
}
