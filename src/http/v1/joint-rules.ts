import type { Card } from '../../core/card.ts';
import { hasWatermarkGrant, type Model } from '../../core/catalog.ts';
import { GatewayError } from '../../core/errors.ts';
import type { Warning } from '../../core/record.ts';
import { resolveShape, type AskedShape } from '../../core/shape.ts';

/** What holds between several fields (public-api.md sections 4.1 and 4.2). */

/** Checked values by field name. */
type Values = Readonly<Record<string, unknown>>;

/** Size, ratio and quality as one wish; OpenAI's quality words are mapped where the card says so, and said so. */
export function readShapeWishes(
  values: Values,
  card: Card,
): { asked: AskedShape & { level: string | undefined }; warnings: Warning[] } {
  const said = (name: string): string | undefined =>
    values[name] === 'auto' ? undefined : text(values[name]);
  const size = said('size');
  const ratio = said('ratio');
  const quality = said('quality');
  const isWord = quality !== undefined && Object.hasOwn(card.qualityWords, quality);
  const mapped = isWord ? card.qualityWords[quality] : quality;
  const isTier = mapped !== undefined && Object.hasOwn(card.size?.presets ?? {}, mapped);
  const warnings: Warning[] =
    mapped === quality
      ? []
      : [
          {
            param: 'quality',
            requested: quality,
            used: mapped,
            message: `Model '${card.id}' has no quality '${quality}'; '${mapped}' was used.`,
          },
        ];
  const asked = {
    ...(size === undefined ? {} : { size }),
    ...(ratio === undefined ? {} : { ratio }),
    ...(mapped !== undefined && isTier ? { qualityTier: mapped } : {}),
    level: isTier ? undefined : mapped,
  };
  return { asked, warnings };
}

/** Refuses what size, ratio and quality cannot be together. Where input images decide the shape any of theirs is legal. */
export function checkShape(values: Values, card: Card, ratioParam: string): void {
  if (card.size === undefined) return;
  resolveShape(card.size, readShapeWishes(values, card).asked, undefined, ratioParam);
}

/** The most images a group and its inputs may have together (public-api.md section 4.1). */
export const groupSum = 15;

export function readGroup(
  values: Values,
  inputs: number,
  spelling: Readonly<Record<string, string>>,
): { maxImages: number } | undefined {
  const optionsParam =
    spelling['sequential_image_generation_options'] ?? 'sequential_image_generation_options';
  const options = values['sequential_image_generation_options'];
  const maxImages =
    typeof options === 'object' && options !== null && 'max_images' in options
      ? integer(options.max_images)
      : undefined;
  const param = `${optionsParam}.max_images`;
  if (values['sequential_image_generation'] !== 'auto') {
    if (maxImages === undefined || maxImages === 1) return undefined;
    throw new GatewayError(
      'invalid_value',
      `'${param}' above 1 needs "sequential_image_generation": "auto".`,
      { param },
    );
  }
  const n = integer(values['n']) ?? 1;
  if (n > 1)
    throw new GatewayError(
      'invalid_value',
      "'n' above 1 cannot be combined with sequential_image_generation 'auto'; say how many with max_images.",
      { param: 'n' },
    );
  const most = groupSum - inputs;
  if (maxImages !== undefined && maxImages > most) {
    throw new GatewayError(
      'invalid_value',
      `'${param}' must be 1 to ${most}: input images and generated ones together are at most ${groupSum}.`,
      { param },
    );
  }
  return { maxImages: maxImages ?? most };
}

/** The output formats that a field's value needs, where the request gets another; undefined: it can be had. */
export function missedFormats(name: string, values: Values, card: Card): readonly string[] | undefined {
  const value = values[name];
  const need = card.formatNeeds?.fields[name];
  if (value === undefined || need === undefined || need.unless.includes(value)) return undefined;
  const format = values['output_format'] ?? card.formatNeeds?.format;
  return need.formats.some((one) => one === format) ? undefined : need.formats;
}

/** Refuses a value that the output format cannot have. */
export function checkFormat(name: string, values: Values, card: Card, param: string): void {
  const formats = missedFormats(name, values, card);
  if (formats === undefined) return;
  throw new GatewayError(
    'invalid_value',
    `'${param}' ${JSON.stringify(values[name])} needs "output_format": ${formats.map((format) => `"${format}"`).join(' or ')}.`,
    { param },
  );
}

/** What the upstream grants only to some accounts is the route's to say. */
export function checkGrants(values: Values, model: Model): void {
  if (values['watermark'] !== false || hasWatermarkGrant(model)) return;
  throw new GatewayError(
    'invalid_value',
    `Model '${model.card.id}' always carries its provider's watermark here: the provider turns it off per account, and no route of this server says "watermarkFree". Leave 'watermark' out.`,
    { param: 'watermark' },
  );
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function integer(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
