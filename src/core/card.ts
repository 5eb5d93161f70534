import { z } from 'zod';

/**
 * A model's card: the machine-readable statement of what it takes. The same data validates requests, feeds
 * GET /v1/models, the OpenAPI document and the console's form (public-api.md sections 0, 4.2 and 11).
 * Built-in cards stand as data beside each provider; an operator may change or add one in EASEL_CONFIG.
 */

const pixelsSchema = z.tuple([z.int().min(1), z.int().min(1)]);

/** Which WIDTHxHEIGHT the model makes, and how tiers, ratios and pixels hang together. */
export const sizeRulesSchema = z.strictObject({
  /** tier -> ratio -> [width, height] in pixels: the upstream's own table. */
  presets: z.record(z.string(), z.record(z.string(), pixelsSchema)),
  /** Any WIDTHxHEIGHT within these bounds is legal; absent: only the sizes in `presets`. */
  free: z
    .strictObject({
      multipleOf: z.int().min(1).default(1),
      minSide: z.int().optional(),
      maxSide: z.int().optional(),
      minPixels: z.int(),
      maxPixels: z.int(),
      /** width / height */
      minRatio: z.number().positive(),
      maxRatio: z.number().positive(),
    })
    .optional(),
  defaultTier: z.string(),
  defaultRatio: z.string(),
  /** Who picks the shape when there are input images and the caller named none: the upstream's own rule, or the preset nearest to the first input. */
  shapeWithInputs: z.enum(['upstream', 'nearest']),
});
export type SizeRules = z.infer<typeof sizeRulesSchema>;

/** What input images the upstream takes; the server's own limits (public-api.md section 4.3) hold besides. */
export const inputRulesSchema = z.strictObject({
  max: z.int().min(0),
  /** Formats passed on as they are; others are converted to the first of png, jpeg in this list. */
  formats: z
    .array(z.enum(['png', 'jpeg', 'webp', 'gif', 'avif', 'tiff', 'bmp', 'heic']))
    .default(['png', 'jpeg']),
  /** Bytes of one file. */
  maxBytes: z.int().optional(),
  minSide: z.int().optional(),
  maxPixels: z.int().optional(),
  /** width / height */
  minRatio: z.number().positive().optional(),
  maxRatio: z.number().positive().optional(),
  /** Base64 characters of all input images of one request together. */
  maxTotalBase64: z.int().optional(),
});
export type InputRules = z.infer<typeof inputRulesSchema>;

const outputFormatSchema = z.enum(['png', 'jpeg', 'webp']);

/** A JSON Schema for one parameter; checked with Ajv as it stands. */
const parameterSchema = z.record(z.string(), z.unknown());

export const cardSchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._/:-]{0,127}$/, 'lower-case letters, digits and . _ / : -'),
  displayName: z.string().min(1),
  /** Who stands behind the model, as `owned_by` in GET /v1/models. */
  ownedBy: z.string().min(1),
  /** Unix seconds. */
  created: z.int(),
  aliases: z.array(z.string()).default([]),
  /** The upstream's own id, for routes that name none. */
  upstreamModel: z.string().min(1),
  /** The id in the sandbox, where it differs. */
  sandboxModel: z.string().optional(),
  /** JSON Schema `properties` by the field names of public-api.md section 4.1: what the model exposes. */
  parameters: z.record(z.string(), parameterSchema),
  size: sizeRulesSchema.optional(),
  /** OpenAI's quality words -> this model's, each used with a warning (public-api.md section 4.2). */
  qualityWords: z.record(z.string(), z.string()).default({}),
  /** Parameters that are passed on although the upstream documents no effect: field -> the warning's text. */
  hollowParameters: z.record(z.string(), z.string()).default({}),
  /** Values that only some output formats can have; `format` is what a request gets that names none. */
  formatNeeds: z
    .strictObject({
      format: outputFormatSchema,
      fields: z.record(
        z.string(),
        z.strictObject({ formats: z.array(outputFormatSchema), unless: z.array(z.unknown()) }),
      ),
    })
    .optional(),
  inputImages: inputRulesSchema,
  /**
   * A regular expression for the prompt's own way to name an input image; its one group is the place, from 1.
   * A place beyond the inputs is refused. Absent: the prompt has no such words.
   */
  promptImageReference: z.string().optional(),
  /** True: an explicit `watermark: false` needs a route with `watermarkFree`, as the upstream grants it per account. */
  watermarkOffNeedsGrant: z.boolean().default(false),
  /** Unicode code points. */
  maxPromptLength: z.int().min(1),
  /**
   * Fields that every request to the upstream says besides what the caller asked, where upstreams of one kind
   * differ, e.g. `response_format` for those whose own default is a link. Of use where an adapter serves servers
   * of many makers; others have no use for it.
   */
  upstreamFields: z.record(z.string(), z.unknown()).default({}),
  /** How many images one call can make; a larger n becomes several calls. */
  imagesPerCall: z.int().min(1).default(1),
  /** provider_options that may be passed: provider -> field names. */
  providerOptions: z.record(z.string(), z.array(z.string())).default({}),
  nativeParams: z.boolean().default(true),
  /** The vendor's list price; a route to the vendor's own address that names none uses it. */
  listPrice: z.array(z.record(z.string(), z.string())).default([]),
});
export type Card = z.infer<typeof cardSchema>;
/** A card as one writes it down: what has a default may be left out. */
export type CardData = z.input<typeof cardSchema>;
