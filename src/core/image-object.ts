import { createHash } from 'node:crypto';
import { extensions, type ImageFormat } from './image-format.ts';
import { readStructure } from './image-structure.ts';
import type { ObjectReader } from './object-store.ts';
import type { StoredImage } from './record.ts';

/**
 * Where one image of a generation lies in the object store. The name can be made again from the record, so that
 * an image whose bytes were stored is found by it when the process ended before its record said so.
 * Spread by the id's last characters: the first ones are the time, and would put a day's pictures into one folder.
 *
 * `attempt` is 0, and more only where the names before are taken by other bytes.
 */
export function imageObjectName(
  generationId: string,
  index: number,
  format: ImageFormat,
  attempt = 0,
): string {
  const suffix = attempt === 0 ? '' : `-${attempt}`;
  return `images/${generationId.slice(-2).toLowerCase()}/${generationId}_${index}${suffix}.${extensions[format]}`;
}

/** What ids are made of (core/ids.ts), in lower case. */
const characters = '0123456789abcdefghjkmnpqrstvwxyz'.split('');

/** Every folder that an image may lie in: 1,024. */
export function imageFolders(): string[] {
  return characters.flatMap((first) => characters.map((second) => `images/${first}${second}`));
}

const pattern = /^images\/[0-9a-z]{2}\/(img_[0-9A-Z]{26})_(\d{1,4})(?:-\d{1,2})?\.[a-z]{3,4}$/;

/** Whose image an object is, by its name; undefined for a name that is no image's. */
export function readImageObjectName(name: string): { generationId: string; index: number } | undefined {
  const match = pattern.exec(name);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { generationId: match[1], index: Number(match[2]) };
}

/** What a record says about stored bytes; undefined when they are no whole picture. Closes the reader. */
export async function describeObject(
  reader: ObjectReader,
): Promise<Omit<StoredImage, 'index' | 'object' | 'revisedPrompt'> | undefined> {
  try {
    const structure = await readStructure((offset, length) => reader.readAt(offset, length), reader.bytes);
    if ('broken' in structure) return undefined;
    const hash = createHash('sha256');
    for await (const part of reader.stream()) hash.update(part);
    return { ...structure, bytes: reader.bytes, sha256: hash.digest('hex') };
  } finally {
    await reader.close();
  }
}
