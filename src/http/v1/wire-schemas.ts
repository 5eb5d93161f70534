import { z } from 'zod';
import { errorTable, type ErrorReason, type ErrorType } from '../../core/errors.ts';
import { priceRowSchema } from '../../core/price.ts';

/**
 * Every shape this server sends, once. wire.ts is typed by these and the API's description is made of
 * them, so that a field of the one that the other lacks does not compile. They are open to callers: a client must
 * tolerate fields that a later version adds.
 */

/** Shapes that the API's description names; the others stand where they are used. */
export const namedShapes = z.registry<{ id: string }>();

/** A shape as wire.ts makes it. */
export type Wire<Schema extends z.ZodType> = Frozen<z.output<Schema>>;

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

export function named<Schema extends z.ZodType>(id: string, about: string, schema: Schema): Schema {
  const shape = schema.describe(about);
  namedShapes.add(shape, { id });
  return shape;
}

const ulid = '[0-9A-HJKMNP-TV-Z]{26}';
const imageId = z.string().regex(new RegExp(`^img_${ulid}$`));
export const unixSeconds = z.int().min(0);
const count = z.int().min(0);
export const index = count.describe('The position asked for; gaps stay where an image failed.');
export const link = z
  .string()
  .regex(/^https?:\/\/\S+$/)
  .describe('Signed and good for a while; never store it, it is signed afresh at each read.');
const revisedPrompt = z.string().optional().describe('Where the provider gives one.');

const reasons = Object.keys(errorTable) as [ErrorReason, ...ErrorReason[]];
const types = [...new Set(Object.values(errorTable).map((row) => row.type))] as [ErrorType, ...ErrorType[]];

export const errorFacts = named(
  'ErrorFacts',
  'What went wrong. All five keys are always there.',
  z.object({
    message: z.string().min(1).describe('For people: what happened and what to do.'),
    type: z.enum(types),
    param: z.string().nullable().describe("The caller's own spelling of the field at fault."),
    code: z
      .string()
      .regex(/^[1-5]\d\d$/)
      .describe('The HTTP status.'),
    reason: z.enum(reasons).describe('Stable, for programs.'),
  }),
);

export const errorReply = named('Error', 'Every refusal and failure.', z.object({ error: errorFacts }));

const money = named(
  'Money',
  'An amount as a decimal with six places.',
  z.object({ amount: z.string().regex(/^\d+\.\d{6}$/), currency: z.string().regex(/^[A-Z]{3}$/) }),
);

export const usage = named(
  'Usage',
  "The provider's own numbers where it reports tokens, else one token for 256 pixels.",
  z.object({
    generated_images: count,
    input_tokens: count.optional(),
    output_tokens: count,
    total_tokens: count,
    cost: money.nullable().describe('null: no price is known. Never 0 for want of a price.'),
  }),
);

const usageRow = named(
  'UsageRow',
  'One model on one day.',
  z.object({
    date: z
      .string()
      .regex(/^\d{4}-\d\d-\d\d$/)
      .describe('UTC; when the requests were accepted.'),
    model: z.string().min(1),
    requests: count.describe('Generations that have ended, however they did.'),
    images: count.describe('Made and kept.'),
    failed: count.describe('Images that failed without a charge.'),
    unknown: count.describe('Images that nobody knows to have been made, or charged, or not.'),
    output_tokens: count,
    cost: money
      .nullable()
      .describe('Of the images; null: not known of all of them, or in several currencies.'),
  }),
);

export const usageList = named(
  'UsageList',
  'What a key has used.',
  z.object({ object: z.literal('list'), data: z.array(usageRow) }),
);

export const warning = named(
  'Warning',
  'What was done otherwise than asked, or what the provider is known to ignore.',
  z.object({
    param: z.string(),
    requested: z.unknown().optional(),
    used: z.unknown().optional(),
    message: z.string().min(1),
  }),
);

const failedImage = named(
  'FailedImage',
  'One image that failed while others were made.',
  z.object({ index, error: errorFacts }),
);

export const size = z
  .string()
  .regex(/^\d+x\d+$/)
  .describe('Its true WIDTHxHEIGHT in pixels.');

const linkedImage = named(
  'LinkedImage',
  'An image to be fetched.',
  z.object({ index, url: link, size, revised_prompt: revisedPrompt }),
);

const inlineImage = named(
  'InlineImage',
  'An image that stands in the reply.',
  z.object({
    index,
    b64_json: z
      .string()
      .min(1)
      .meta({ contentEncoding: 'base64' })
      .describe('The bytes, as the provider made them or in the `output_format` asked for.'),
    size,
    revised_prompt: revisedPrompt,
  }),
);

/** `url` or `b64_json`, never both. */
export const deliveredImage = z.union([linkedImage, inlineImage]);

export const imagesReply = named(
  'Images',
  'The images of one request. `data` is never empty.',
  z.object({
    id: imageId.describe('The record that keeps them.'),
    created: unixSeconds.describe('When the request was accepted, in Unix seconds.'),
    model: z.string().min(1).describe("The provider's own id of the model that served the request."),
    data: z.array(deliveredImage).min(1),
    usage: usage.optional(),
    failed_images: z.array(failedImage).min(1).optional().describe('When some failed and some did not.'),
    warnings: z.array(warning).min(1).optional(),
  }),
);

const contentCredentials = z
  .boolean()
  .describe('The file carries content credentials (C2PA); whether they are good is not judged.');

export const keptImage = named(
  'RecordImage',
  'One image as it is kept.',
  z.object({
    index,
    url: link.describe('As the provider made it, or in the `output_format` asked for.'),
    original_url: link.optional().describe('Where `url` gives a converted copy: the file that is kept.'),
    thumbnail_url: link.describe('A WebP within 320 x 320, made when it is first fetched.'),
    width: z.int().min(1),
    height: z.int().min(1),
    mime_type: z
      .string()
      .regex(/^image\/[a-z]+$/)
      .describe('Of the file that is kept, like `bytes` and `sha256`: exactly what the provider made.'),
    bytes: z.int().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    content_credentials: contentCredentials,
    revised_prompt: revisedPrompt,
  }),
);

export const imageRecord = named(
  'ImageRecord',
  'What is kept of one request.',
  z.object({
    id: imageId,
    object: z.literal('image'),
    status: z.enum(['in_progress', 'completed', 'failed']),
    model: z.string().min(1).describe('The id in GET /v1/models.'),
    prompt: z.string(),
    created_at: unixSeconds,
    url: link.nullable().describe('The first image present.'),
    error: errorFacts.nullable(),
    images: z.array(keptImage),
    parameters: z.record(z.string(), z.unknown()).describe('As asked for, without prompt and images.'),
    usage: usage.nullable(),
    provider: z.string().nullable(),
    provider_model: z.string().nullable(),
    served_by: z.string().nullable().describe('provider/route'),
    duration_ms: count.nullable(),
    attempts: count.describe('Exchanges with providers that asked for images, retries included.'),
    failed_images: z.array(failedImage),
    warnings: z.array(warning),
    late: z
      .literal(true)
      .optional()
      .describe('The images came after the request had been answered with a failure.'),
    content_credentials: z.boolean().describe('Any of the images carries some.'),
  }),
);

export const webhookMessage = named(
  'WebhookMessage',
  'That a request has ended.',
  z.object({
    type: z.enum(['image.completed', 'image.failed']),
    timestamp: z.iso.datetime().describe('When it ended.'),
    data: imageRecord,
  }),
);

export const recordList = named(
  'ImageRecordList',
  'One page of records.',
  z.object({
    object: z.literal('list'),
    data: z.array(imageRecord),
    has_more: z.boolean().describe('More exist in the direction walked.'),
    first_id: imageId.nullable(),
    last_id: imageId.nullable(),
  }),
);

export const deletedImage = named(
  'DeletedImage',
  'The record and its files are gone.',
  z.object({ id: imageId, object: z.literal('image'), deleted: z.literal(true) }),
);

export const contentLink = named(
  'ContentLink',
  "A fresh link to an image's bytes.",
  z.object({ url: link, image_id: imageId, expires_in: z.int().min(1).describe('Seconds.'), index }),
);

const presets = z.record(z.string(), z.record(z.string(), size));

export const sizeFacts = named(
  'SizeRules',
  'Which sizes a model makes: its presets by tier and ratio and, where it takes others, their bounds.',
  z.object({
    presets,
    multipleOf: z.int().min(1).optional(),
    minSide: z.int().optional(),
    maxSide: z.int().optional(),
    minPixels: z.int().optional(),
    maxPixels: z.int().optional(),
    minRatio: z.number().optional().describe('Width divided by height.'),
    maxRatio: z.number().optional().describe('Width divided by height.'),
  }),
);

const conflict = z.object({
  fields: z.array(z.string()).min(2),
  param: z.string().describe('Where the blame falls.'),
  rule: z.string(),
});

export const model = named(
  'Model',
  'A model and its card: what it takes.',
  z.object({
    id: z.string().min(1),
    object: z.literal('model'),
    created: unixSeconds,
    owned_by: z.string().min(1),
    display_name: z.string().min(1),
    type: z.literal('image'),
    available: z.boolean().describe('false: configured, but it cannot be served now.'),
    sandbox: z.boolean().describe('true: a simulator draws the pictures.'),
    aliases: z.array(z.string()),
    native_params: z.boolean(),
    supported_parameters: z.array(z.string()),
    parameters: z
      .record(z.string(), z.record(z.string(), z.unknown()))
      .describe('JSON Schema by field name; the same data checks requests.'),
    'x-size': sizeFacts.optional(),
    'x-conflicts': z.array(conflict),
    input_images: z.object({ max: count, formats: z.array(z.string()) }),
    max_prompt_length: z.int().min(1).describe('Unicode code points.'),
    pricing: z.array(priceRowSchema).describe('Empty: unknown.'),
  }),
);

export const modelList = named(
  'ModelList',
  'The models a key may use.',
  z.object({ object: z.literal('list'), data: z.array(model) }),
);

export const health = named('Health', 'The process runs.', z.object({ status: z.literal('ok') }));

export const readiness = named(
  'Readiness',
  'Whether it can take work, and what of it works.',
  z.object({
    status: z.enum(['ready', 'not_ready']),
    records: z.boolean(),
    objects: z.boolean(),
    storage: z.boolean().describe('A picture that is paid for now has a safe place.'),
    draining: z.boolean().describe('It is about to end.'),
  }),
);

export const asset = named(
  'Asset',
  'An uploaded image. Requests name it by its `uri`.',
  z.object({
    assetId: z.string().regex(new RegExp(`^ua_${ulid}$`)),
    name: z.string(),
    status: z.literal('active'),
    mediaType: z.literal('image'),
    mimeType: z.string().regex(/^image\/[a-z]+$/),
    fileType: z.string(),
    filename: z.string().nullable(),
    sizeBytes: z.int().min(1),
    width: z.int().min(1),
    height: z.int().min(1),
    aspectRatio: z.string().regex(/^\d+:\d+$/),
    assetGroupId: z.string().nullable(),
    createdAt: unixSeconds,
    uri: z.string().regex(new RegExp(`^asset://ua_${ulid}$`)),
  }),
);

const envelope = { code: z.literal(0), msg: z.literal('OK'), serviceCode: z.null() };

export const assetReply = named('AssetReply', 'One asset.', z.object({ ...envelope, data: asset }));

export const assetListReply = named(
  'AssetList',
  'One page of assets.',
  z.object({
    ...envelope,
    data: z.object({
      list: z.array(asset),
      pagination: z.object({ current: z.int().min(1), size: z.int().min(1), total: count }),
    }),
  }),
);

export const assetDeleted = named(
  'AssetDeleted',
  'The asset is gone.',
  z.object({
    ...envelope,
    data: z.object({ assetId: z.string().regex(new RegExp(`^ua_${ulid}$`)), deleted: z.literal(true) }),
  }),
);
