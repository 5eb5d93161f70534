import { randomUUID } from 'node:crypto';
import type { ObjectReader } from '../../core/object-store.ts';
import type { GenerationRecord } from '../../core/record.ts';
import { openDelivery, type Delivery } from '../../generation/delivery.ts';
import type { HttpTools } from '../tools.ts';
import { replyToWire } from './wire.ts';

/**
 * A create reply whose images stand in it as base64. The pictures are encoded from the store in pieces as they
 * are sent, so that a reply's size costs no memory; its length is known beforehand. `close` lets go of the pictures.
 */
export async function base64Reply(
  record: GenerationRecord,
  tools: Pick<HttpTools, 'pictures' | 'log'>,
): Promise<{ length: number; chunks: AsyncIterable<Buffer>; close: () => Promise<void> }> {
  const images = await openAll(record, tools);
  const readers = images.map(({ reader }) => reader);
  const warnings = images.flatMap(({ warning }) => (warning === undefined ? [] : [warning]));
  const said = { ...record, warnings: [...record.warnings, ...warnings] };
  // Unknown beforehand, so that no text of the reply can hold it.
  const mark = randomUUID();
  const parts = JSON.stringify(replyToWire(said, () => ({ b64_json: mark }))).split(mark);
  const texts = parts.map((part) => Buffer.from(part));
  const length =
    texts.reduce((sum, text) => sum + text.length, 0) +
    readers.reduce((sum, reader) => sum + base64Length(reader.bytes), 0);
  return { length, chunks: weave(texts, readers), close: () => closeAll(readers) };
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

async function* weave(texts: readonly Buffer[], readers: readonly ObjectReader[]): AsyncIterable<Buffer> {
  for (const [i, text] of texts.entries()) {
    yield text;
    const reader = readers[i];
    if (reader !== undefined) yield* encodeBase64(reader.stream());
  }
}

/** Base64 in pieces: three bytes make four characters, so what is left over waits for the next piece. */
export async function* encodeBase64(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of bytes) {
    const piece =
      rest.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        : Buffer.concat([rest, chunk]);
    const whole = piece.length - (piece.length % 3);
    if (whole > 0) yield Buffer.from(piece.toString('base64', 0, whole), 'latin1');
    rest = Buffer.from(piece.subarray(whole));
  }
  if (rest.length > 0) yield Buffer.from(rest.toString('base64'), 'latin1');
}

function base64Length(bytes: number): number {
  return Math.ceil(bytes / 3) * 4;
}

async function closeAll(readers: readonly ObjectReader[]): Promise<void> {
  await Promise.all(readers.map((reader) => reader.close()));
}
