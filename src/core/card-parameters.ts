import type { CardData } from './card.ts';

/**
 * The JSON Schemas that cards share, so that one field of public-api.md section 4.1 reads the same on every
 * model. A card picks from these and adds what is its own.
 */

type Parameter = CardData['parameters'][string];

/** `n`: native up to what one call makes, fan-out above. */
export function countParameter(maximum: number): Parameter {
  return { type: 'integer', minimum: 1, maximum, default: 1, description: 'Number of images.' };
}

/**
 * `size`: the tiers, every preset as WIDTHxHEIGHT and `auto`; where the model takes free sizes, any
 * WIDTHxHEIGHT (its bounds stand beside the schema, as JSON Schema cannot say them).
 */
export function sizeParameter(
  size: NonNullable<CardData['size']>,
  { tiers, preset }: { tiers: readonly string[]; preset: string },
): Parameter {
  const pixels = Object.values(size.presets).flatMap((table) =>
    Object.values(table).map(([width, height]) => `${width}x${height}`),
  );
  const named = [...tiers, ...new Set(pixels)];
  const description = 'WIDTHxHEIGHT, a tier where listed, or auto.';
  if (size.free === undefined)
    return { type: 'string', enum: [...named, 'auto'], default: preset, description };
  return {
    type: 'string',
    pattern: `^(${[...tiers, 'auto', '[1-9][0-9]{1,4}x[1-9][0-9]{1,4}'].join('|')})$`,
    examples: named,
    default: preset,
    description,
  };
}

/** `ratio`: the presets' ratios and `auto`. */
export function ratioParameter(ratios: readonly string[]): Parameter {
  return { type: 'string', enum: [...ratios, 'auto'], default: 'auto', description: 'Width to height.' };
}

/** `quality` where it is another name for the tier; the words of other APIs are mapped by the card's `qualityWords`. */
export function qualityParameter(
  own: readonly string[],
  words: Readonly<Record<string, string>>,
  preset: string,
): Parameter {
  return {
    type: 'string',
    enum: [...new Set([...own, 'auto', ...Object.keys(words)])],
    default: preset,
    description: `One of ${own.join(', ')}; other words are mapped to these, with a warning.`,
  };
}

/** `response_format`: this server holds the bytes, so every model has both. */
export const responseFormatParameter: Parameter = {
  type: 'string',
  enum: ['url', 'b64_json'],
  default: 'url',
  description: 'A signed URL, or the bytes as base64.',
};

export const watermarkParameter: Parameter = {
  type: 'boolean',
  default: false,
  description: "The provider's own visible watermark.",
};

export const seedParameter: Parameter = {
  type: 'integer',
  minimum: -1,
  maximum: 2_147_483_647,
  description: '-1 means none. With n above 1 each image uses the next seed.',
};

/** `output_format`: converted by this server where the upstream cannot; as made when absent. */
export const outputFormatParameter: Parameter = {
  type: 'string',
  enum: ['png', 'jpeg', 'webp'],
  description: 'As the provider makes it when absent; converted by this server where the provider cannot.',
};
