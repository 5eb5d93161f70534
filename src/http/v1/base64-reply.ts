import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../core/errors.ts';
import type { ObjectReader, ObjectStore } from '../../core/object-store.ts';
import type { GenerationRecord, StoredImage } from '../../core/record.ts';
import { replyToWire } from './wire.ts';

/**
 * A create reply whose images stand in it as base64. The pictures are encoded from the store in pieces as they
 * are sent, so that a reply's size costs no memory; its length is known beforehand.
 */
export async function base64Reply(
  record: GenerationRecord,
  objects: ObjectStore,
): Promise<{ length: number; chunks: AsyncIterable<Buffer> }> {
  // Unknown beforehand, so that no text of the reply can hold it.
  const mark = randomUUID();
  const parts = JSON.stringify(replyToWire(record, () => ({ b64_json: mark }))).split(mark);
  const readers: ObjectReader[] = [];
  try {
    for (const image of record.images) readers.push(await openImage(image, objects));
  } catch (error) {
    await closeAll(readers);
    throw error;
  }
  const texts = parts.map((part) => Buffer.from(part));
  const length =
    texts.reduce((sum, text) => sum + text.length, 0) +
    readers.reduce((sum, reader) => sum + base64Length(reader.bytes), 0);
  return { length, chunks: weave(texts, readers) };
}

async function openImage(image: StoredImage, objects: ObjectStore): Promise<ObjectReader> {
  const reader = await objects.open(image.object);
  if (reader === undefined)
    throw new GatewayError('internal', 'A stored image is missing on this server.', {
      details: `object ${image.object} is missing`,
    });
  return reader;
}

async function* weave(texts: readonly Buffer[], readers: readonly ObjectReader[]): AsyncIterable<Buffer> {
  try {
    for (const [i, text] of texts.entries()) {
      yield text;
      const reader = readers[i];
      if (reader !== undefined) yield* encode(reader.stream());
    }
  } finally {
    await closeAll(readers);
  }
}

/** Base64 in pieces: three bytes make four characters, so what is left over waits for the next piece. */
async function* encode(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
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
