import type { Card } from '../../core/card.ts';
import type { Model } from '../../core/catalog.ts';
import { deliveredForm, formatOf, thumbnailForm, type PictureForm } from '../../core/image-copy.ts';
import { extensions, mimeTypes } from '../../core/image-format.ts';
import type { UsageRow } from '../../core/ledger.ts';
import type { GenerationRecord, RecordUsage, StoredImage } from '../../core/record.ts';
import type { Route } from '../../core/route.ts';
import type * as shapes from './wire-schemas.ts';
import type { Wire } from './wire-schemas.ts';

/**
 * Our data as the wire has it; its field names appear only here, in wire-schemas.ts and in the cards
 * (public-api.md sections 4.4, 7, 8, 11). What is undefined is left out of the JSON.
 */

/** Makes a fresh signed URL for one image in a form. */
export type LinkMaker = (imageId: string, image: StoredImage, form: PictureForm) => string;

/** Unix seconds. */
export function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/** The path of an image's file under its signed URL. */
export function filePath(
  imageId: string,
  image: Pick<StoredImage, 'index' | 'format'>,
  form: PictureForm,
): string {
  return `/v1/files/${imageId}/${image.index}.${extensions[formatOf(image, form)]}`;
}

export function usageToWire(usage: RecordUsage): Wire<typeof shapes.usage> {
  return {
    generated_images: usage.generatedImages,
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    total_tokens: usage.totalTokens,
    cost: usage.cost,
  };
}

export function usageListToWire(rows: readonly UsageRow[]): Wire<typeof shapes.usageList> {
  return {
    object: 'list',
    data: rows.map(({ outputTokens, cost, ...row }) => ({ ...row, output_tokens: outputTokens, cost })),
  };
}

/** A create reply without its images' content: `item` says how each is delivered. */
export function replyToWire(
  record: GenerationRecord,
  item: (image: StoredImage) => { url: string } | { b64_json: string },
): Wire<typeof shapes.imagesReply> {
  return {
    id: record.id,
    created: seconds(record.createdAtMs),
    model: record.providerModel ?? record.model,
    data: record.images.map((image): Wire<typeof shapes.deliveredImage> => ({
      index: image.index,
      ...item(image),
      size: `${image.width}x${image.height}`,
      revised_prompt: image.revisedPrompt,
    })),
    usage: record.usage === undefined ? undefined : usageToWire(record.usage),
    failed_images: record.failedImages.length === 0 ? undefined : record.failedImages,
    warnings: record.warnings.length === 0 ? undefined : record.warnings,
  };
}

export function recordToWire(record: GenerationRecord, link: LinkMaker): Wire<typeof shapes.imageRecord> {
  const [first] = record.images;
  return {
    id: record.id,
    object: 'image',
    status: record.status,
    model: record.model,
    prompt: record.prompt,
    created_at: seconds(record.createdAtMs),
    url: first === undefined ? null : link(record.id, first, deliveredForm(record, first)),
    error: record.error ?? null,
    images: record.images.map((image) => keptToWire(record, image, link)),

    parameters: record.parameters,
    usage: record.usage === undefined ? null : usageToWire(record.usage),
    provider: record.provider ?? null,
    provider_model: record.providerModel ?? null,
    served_by: record.servedBy ?? null,
    duration_ms: record.finishedAtMs === undefined ? null : record.finishedAtMs - record.createdAtMs,
    attempts: record.attempts,
    failed_images: record.failedImages,
    warnings: record.warnings,
    late: record.late,
    content_credentials: record.images.some((image) => image.contentCredentials),
  };
}

/** The facts are those of the file that is kept; where `url` gives a converted copy, another link gives that file. */
function keptToWire(
  record: GenerationRecord,
  image: StoredImage,
  link: LinkMaker,
): Wire<typeof shapes.keptImage> {
  const form = deliveredForm(record, image);
  return {
    index: image.index,
    url: link(record.id, image, form),
    original_url: form === undefined ? undefined : link(record.id, image, undefined),
    thumbnail_url: link(record.id, image, thumbnailForm),
    width: image.width,
    height: image.height,
    mime_type: mimeTypes[image.format],
    bytes: image.bytes,
    sha256: image.sha256,
    content_credentials: image.contentCredentials,
    revised_prompt: image.revisedPrompt,
  };
}

/** One page of a key's records. */
export function listToWire(
  { records, hasMore }: { records: readonly GenerationRecord[]; hasMore: boolean },
  link: LinkMaker,
): Wire<typeof shapes.recordList> {
  return {
    object: 'list',
    data: records.map((record) => recordToWire(record, link)),
    has_more: hasMore,
    first_id: records[0]?.id ?? null,
    last_id: records.at(-1)?.id ?? null,
  };
}

/** What a caller's `webhook_url` is told when a generation has ended (public-api.md section 4.6). */
export function webhookToWire(record: GenerationRecord, link: LinkMaker): Wire<typeof shapes.webhookMessage> {
  return {
    type: record.status === 'completed' ? 'image.completed' : 'image.failed',
    // As Standard Webhooks has it: when it happened, not when it is sent.
    timestamp: new Date(record.finishedAtMs ?? record.createdAtMs).toISOString(),
    data: recordToWire(record, link),
  };
}

export function deletedToWire(id: string): Wire<typeof shapes.deletedImage> {
  return { id, object: 'image', deleted: true };
}

/** A fresh link to one image's bytes. */
export function contentToWire(
  imageId: string,
  { url, index, ttlSeconds }: { url: string; index: number; ttlSeconds: number },
): Wire<typeof shapes.contentLink> {
  return { url, image_id: imageId, expires_in: ttlSeconds, index };
}

/** What a card does not say of its model. */
export interface ModelFacts {
  /** True when the route can be asked now. */
  isUsable(route: Route): boolean;
  takesNative(model: Model): boolean;
}

export function modelToWire(model: Model, facts: ModelFacts): Wire<typeof shapes.model> {
  const { card, routes } = model;
  return {
    id: card.id,
    object: 'model',
    created: card.created,
    owned_by: card.ownedBy,
    display_name: card.displayName,
    type: 'image',
    available: routes.some((route) => facts.isUsable(route)),
    sandbox: routes[0]?.sandbox ?? false,
    aliases: card.aliases,
    native_params: facts.takesNative(model),
    supported_parameters: Object.keys(card.parameters),
    parameters: card.parameters,
    'x-size': card.size === undefined ? undefined : sizeToWire(card.size),
    'x-conflicts': conflictsOf(card),
    input_images: { max: card.inputImages.max, formats: card.inputImages.formats },
    max_prompt_length: card.maxPromptLength,
    pricing: routes.find((route) => !route.sandbox)?.price ?? [],
  };
}

export function modelsToWire(models: readonly Model[], facts: ModelFacts): Wire<typeof shapes.modelList> {
  return { object: 'list', data: models.map((model) => modelToWire(model, facts)) };
}

/** The size rules of a card, where it has any. */
export function sizeToWire(size: NonNullable<Card['size']>): Wire<typeof shapes.sizeFacts> {
  const presets = Object.entries(size.presets).map(([tier, table]) => [
    tier,
    Object.fromEntries(
      Object.entries(table).map(([ratio, [width, height]]) => [ratio, `${width}x${height}`]),
    ),
  ]);
  return { presets: Object.fromEntries(presets), ...size.free };
}

/** Fields that may not contradict each other, and where the blame falls. */
export function conflictsOf(card: Card): Wire<typeof shapes.model>['x-conflicts'] {
  const has = (name: string): boolean => card.parameters[name] !== undefined;
  return [
    ...(has('size') && has('ratio')
      ? [{ fields: ['size', 'ratio'], param: 'size', rule: 'a WIDTHxHEIGHT must have the ratio given' }]
      : []),
    ...(has('size') && has('quality') && card.size !== undefined
      ? [
          {
            fields: ['size', 'quality'],
            param: 'size',
            rule: 'size and a resolution tier in quality must agree',
          },
        ]
      : []),
    ...(has('sequential_image_generation')
      ? [
          {
            fields: ['n', 'sequential_image_generation'],
            param: 'n',
            rule: "n above 1 cannot be combined with 'auto'",
          },
        ]
      : []),
  ];
}
