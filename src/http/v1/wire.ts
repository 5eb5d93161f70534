import type { Card } from '../../core/card.ts';
import type { Model } from '../../core/catalog.ts';
import { extensions, mimeTypes } from '../../core/image-format.ts';
import type { GenerationRecord, RecordUsage, StoredImage } from '../../core/record.ts';
import type { Route } from '../../core/route.ts';

/** Our data as the wire has it; its field names appear only here and in the cards (public-api.md sections 4.4, 7, 11). */

/** Makes a fresh signed URL for one image. */
export type LinkMaker = (imageId: string, image: StoredImage) => string;

/** Unix seconds. */
export function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/** The path of an image's file under its signed URL. */
export function filePath(imageId: string, image: Pick<StoredImage, 'index' | 'format'>): string {
  return `/v1/files/${imageId}/${image.index}.${extensions[image.format]}`;
}

export function usageToWire(usage: RecordUsage) {
  return {
    generated_images: usage.generatedImages,
    ...(usage.inputTokens === undefined ? {} : { input_tokens: usage.inputTokens }),
    output_tokens: usage.outputTokens,
    total_tokens: usage.totalTokens,
    cost: usage.cost,
  };
}

/** A create reply without its images' content: `item` says how each is delivered. */
export function replyToWire(record: GenerationRecord, item: (image: StoredImage) => object) {
  return {
    id: record.id,
    created: seconds(record.createdAtMs),
    model: record.providerModel ?? record.model,
    data: record.images.map((image) => ({
      index: image.index,
      ...item(image),
      size: `${image.width}x${image.height}`,
      ...(image.revisedPrompt === undefined ? {} : { revised_prompt: image.revisedPrompt }),
    })),
    ...(record.usage === undefined ? {} : { usage: usageToWire(record.usage) }),
    ...(record.failedImages.length === 0 ? {} : { failed_images: record.failedImages }),
    ...(record.warnings.length === 0 ? {} : { warnings: record.warnings }),
  };
}

export function recordToWire(record: GenerationRecord, link: LinkMaker) {
  const [first] = record.images;
  return {
    id: record.id,
    object: 'image',
    status: record.status,
    model: record.model,
    prompt: record.prompt,
    created_at: seconds(record.createdAtMs),
    url: first === undefined ? null : link(record.id, first),
    error: record.error ?? null,
    images: record.images.map((image) => ({
      index: image.index,
      url: link(record.id, image),
      width: image.width,
      height: image.height,
      mime_type: mimeTypes[image.format],
      bytes: image.bytes,
      sha256: image.sha256,
      ...(image.revisedPrompt === undefined ? {} : { revised_prompt: image.revisedPrompt }),
    })),
    parameters: record.parameters,
    usage: record.usage === undefined ? null : usageToWire(record.usage),
    provider: record.provider ?? null,
    provider_model: record.providerModel ?? null,
    served_by: record.servedBy ?? null,
    duration_ms: record.finishedAtMs === undefined ? null : record.finishedAtMs - record.createdAtMs,
    attempts: record.attempts,
    failed_images: record.failedImages,
    warnings: record.warnings,
  };
}

export function modelToWire(model: Model, isUsable: (route: Route) => boolean) {
  const { card, routes } = model;
  return {
    id: card.id,
    object: 'model',
    created: card.created,
    owned_by: card.ownedBy,
    display_name: card.displayName,
    type: 'image',
    available: routes.some(isUsable),
    sandbox: routes[0]?.sandbox ?? false,
    aliases: card.aliases,
    native_params: false,
    supported_parameters: Object.keys(card.parameters),
    parameters: card.parameters,
    ...(card.size === undefined ? {} : { 'x-size': sizeToWire(card.size) }),
    'x-conflicts': conflictsOf(card),
    input_images: { max: card.inputImages.max, formats: card.inputImages.formats },
    max_prompt_length: card.maxPromptLength,
    pricing: routes.find((route) => !route.sandbox)?.price ?? [],
  };
}

function sizeToWire(size: NonNullable<Card['size']>) {
  const presets = Object.entries(size.presets).map(([tier, table]) => [
    tier,
    Object.fromEntries(
      Object.entries(table).map(([ratio, [width, height]]) => [ratio, `${width}x${height}`]),
    ),
  ]);
  return { presets: Object.fromEntries(presets), ...size.free };
}

/** Fields that may not contradict each other, and where the blame falls. */
function conflictsOf(card: Card) {
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
