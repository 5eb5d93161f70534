import type { Selectable } from 'kysely';

import type { ImageFormat } from '../core/image-format.ts';
import type { RequestOrigin } from '../core/idempotency.ts';
import type { CallChange, CallEnd, Outcome } from '../core/record-store.ts';
import type { CallRecord, GenerationRecord, StoredImage } from '../core/record.ts';
import type { CallsTable, GenerationsTable, ImagesTable } from './schema.ts';

/** Rows as they stand in the tables <-> records as the port has them. What we wrote is trusted when read. */

/** What a generation is opened with. */
export function toGenerationRow(record: GenerationRecord, origin: RequestOrigin | undefined) {
  return {
    id: record.id,
    key_id: record.keyId,
    model: record.model,
    prompt: record.prompt,
    parameters: JSON.stringify(record.parameters),
    created_at_ms: record.createdAtMs,
    ...toOutcomeRow(record),
    endpoint: origin?.endpoint ?? null,
    body_hash: origin?.bodyHash ?? null,
    response_format: origin?.responseFormat ?? null,
    late: record.late === true ? 1 : 0,
  };
}

export const outcomeColumns = [
  'status',
  'finished_at_ms',
  'failed_images',
  'warnings',
  'error',
  'usage',
  'provider',
  'served_by',
  'provider_model',
  'attempts',
] as const;

export const generationColumns = [
  'id',
  'key_id',
  'model',
  'prompt',
  'parameters',
  'created_at_ms',
  ...outcomeColumns,
  'endpoint',
  'body_hash',
  'response_format',
  'late',
] as const;

export function toOutcomeRow(outcome: Omit<Outcome, 'images'>) {
  return {
    status: outcome.status,
    finished_at_ms: outcome.finishedAtMs ?? null,
    failed_images: JSON.stringify(outcome.failedImages),
    warnings: JSON.stringify(outcome.warnings),
    error: toJson(outcome.error),
    usage: toJson(outcome.usage),
    provider: outcome.provider ?? null,
    served_by: outcome.servedBy ?? null,
    provider_model: outcome.providerModel ?? null,
    attempts: outcome.attempts,
  };
}

export function toGeneration(
  row: Omit<Selectable<GenerationsTable>, 'number'>,
  images: readonly StoredImage[],
): GenerationRecord {
  return {
    id: row.id,
    keyId: row.key_id,
    status: row.status,
    model: row.model,
    prompt: row.prompt,
    parameters: JSON.parse(row.parameters),
    createdAtMs: row.created_at_ms,
    finishedAtMs: row.finished_at_ms ?? undefined,
    images,
    failedImages: JSON.parse(row.failed_images),
    warnings: JSON.parse(row.warnings),
    error: row.error === null ? undefined : JSON.parse(row.error),
    usage: row.usage === null ? undefined : JSON.parse(row.usage),
    provider: row.provider ?? undefined,
    servedBy: row.served_by ?? undefined,
    providerModel: row.provider_model ?? undefined,
    attempts: row.attempts,
    ...(row.late === 1 ? { late: true as const } : {}),
  };
}

export function toImageRow(generationId: string, image: StoredImage): Selectable<ImagesTable> {
  const { index, object, format, width, height, bytes, sha256, revisedPrompt, contentCredentials } = image;
  return {
    generation_id: generationId,
    position: index,
    object,
    format,
    width,
    height,
    bytes,
    sha256,
    revised_prompt: revisedPrompt ?? null,
    content_credentials: contentCredentials ? 1 : 0,
  };
}

export const imageColumns = [
  'generation_id',
  'position',
  'object',
  'format',
  'width',
  'height',
  'bytes',
  'sha256',
  'revised_prompt',
  'content_credentials',
] as const;

export function toImage(row: Omit<Selectable<ImagesTable>, 'generation_id'>): StoredImage {
  const { position, object, format, width, height, bytes, sha256, revised_prompt, content_credentials } = row;
  return {
    index: position,
    object,
    format: format as ImageFormat,
    width,
    height,
    bytes,
    sha256,
    contentCredentials: content_credentials === 1,
    revisedPrompt: revised_prompt ?? undefined,
  };
}

export function toCallRow(call: CallRecord): Selectable<CallsTable> {
  return {
    generation_id: call.generationId,
    number: call.number,
    state: call.state,
    first_index: call.firstIndex,
    images: call.images,
    route: call.route ?? null,
    our_id: call.ourId ?? null,
    ticket: toJson(call.ticket),
    links: toJson(call.links),
    attempts: call.attempts,
    tried: JSON.stringify(call.tried),
  };
}

export const callColumns = [
  'generation_id',
  'number',
  'state',
  'first_index',
  'images',
  'route',
  'our_id',
  'ticket',
  'links',
  'attempts',
  'tried',
] as const;

export function toCall(row: Selectable<CallsTable>): CallRecord {
  return {
    generationId: row.generation_id,
    number: row.number,
    state: row.state,
    firstIndex: row.first_index,
    images: row.images,
    route: row.route ?? undefined,
    ourId: row.our_id ?? undefined,
    ticket: row.ticket === null ? undefined : JSON.parse(row.ticket),
    links: row.links === null ? undefined : JSON.parse(row.links),
    attempts: row.attempts,
    tried: JSON.parse(row.tried),
  };
}

/** Only what is named; empty when nothing is. */
export function toCallChange(change: CallChange): Partial<Selectable<CallsTable>> {
  return {
    ...(change.state === undefined ? {} : { state: change.state }),
    ...(change.route === undefined ? {} : { route: change.route }),
    ...(change.ourId === undefined ? {} : { our_id: change.ourId }),
    ...(change.ticket === undefined ? {} : { ticket: JSON.stringify(change.ticket) }),
    ...(change.links === undefined ? {} : { links: toJson(change.links ?? undefined) }),
    ...(change.attempts === undefined ? {} : { attempts: change.attempts }),
    ...(change.tried === undefined ? {} : { tried: JSON.stringify(change.tried) }),
  };
}

export function toCallEnd({ number, tried }: CallEnd) {
  return { number, tried: JSON.stringify(tried) };
}

function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
