import { randomUUID } from 'node:crypto';
import type { ObjectReader } from '../../core/object-store.ts';
import type { GenerationRecord } from '../../core/record.ts';
import { openDelivery, pictureUnreadable, type Delivery } from '../../generation/delivery.ts';
import type { HttpTools } from '../tools.ts';
import { replyToWire } from './wire.ts';

/** A create reply whose images stand in it as base64: taken whole or in pieces, once. */
export interface Base64Reply {
  length: number;
  chunks: AsyncIterable<string | Uint8Array>;
  /**
   * All of it, for short ones, and lets go of the pictures. Throws GatewayError where one cannot be read, which pieces
   * can only show by breaking off.
   */
  whole: () => Promise<string>;
  /** Lets go of the pictures and of the pieces' memory, when nothing is being sent any more. */
  close: () => Promise<void>;
}

/**
 * Opens the pictures of a create reply. They are encoded from the store in pieces as they are sent, so that a reply's
 * size costs no memory; its length is known beforehand. `unsentBytes`: so much of what was handed on is still being sent.
 */
export async function base64Reply(
  record: GenerationRecord,
  unsentBytes: () => number,
  tools: Pick<HttpTools, 'pictures' | 'log'>,
): Promise<Base64Reply> {
  const images = await openAll(record, tools);
  const readers = images.map(({ reader }) => reader);
  const warnings = images.flatMap(({ warning }) => (warning === undefined ? [] : [warning]));
  const said = { ...record, warnings: [...record.warnings, ...warnings] };
  // Unknown beforehand, so that no text of the reply can hold it.
  const mark = randomUUID();
  const parts = JSON.stringify(replyToWire(said, () => ({ b64_json: mark }))).split(mark);
  const length =
    parts.reduce((sum, part) => sum + Buffer.byteLength(part), 0) +
    readers.reduce((sum, reader) => sum + base64Length(reader.bytes), 0);
  const chunks = weave(parts, readers, unsentBytes);
  const close = (): Promise<void> => closeAll(readers);
  return { length, chunks, whole: () => joined(chunks, close), close };
}

async function joined(
  chunks: AsyncIterable<string | Uint8Array>,
  close: () => Promise<void>,
): Promise<string> {
  let text = '';
  try {
    for await (const chunk of chunks) text += typeof chunk === 'string' ? chunk : asText(chunk);
    return text;
  } catch (error) {
    throw pictureUnreadable(error);
  } finally {
    await close();
  }
}

function asText({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

/** All images or none. */
async function openAll(
  record: GenerationRecord,
  tools: Pick<HttpTools, 'pictures' | 'log'>,
): Promise<Delivery[]> {
  const opening = await Promise.allSettled(record.images.map((image) => openDelivery(record, image, tools)));
  const opened = opening.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = opening.find((one) => one.status === 'rejected');
  if (failed === undefined) return opened;
  await closeAll(opened.map(({ reader }) => reader));
  throw failed.reason;
}

async function* weave(
  texts: readonly string[],
  readers: readonly ObjectReader[],
  unsentBytes: () => number,
): AsyncIterable<string | Uint8Array> {
  for (const [i, text] of texts.entries()) {
    yield text;
    const reader = readers[i];
    if (reader !== undefined) yield* reader.lendBase64(unsentBytes);
  }
}

function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

async function closeAll(readers: readonly ObjectReader[]): Promise<void> {
  await Promise.all(readers.map((reader) => reader.close()));
}
