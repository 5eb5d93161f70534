import { describeObject, imageObjectName } from '../core/image-object.ts';
import { extensions, type ImageFormat } from '../core/image-format.ts';
import type { ObjectStore } from '../core/object-store.ts';
import type { CallRecord, GenerationRecord, StoredImage } from '../core/record.ts';

const formats = Object.keys(extensions) as ImageFormat[];

/**
 * Images whose bytes were published and whose record does not say so, because the process ended in between: an
 * object is found by its name, which its record gives. Bytes are published before any step after the upstream's
 * answer is recorded, so this is all that a process can leave behind of an answer that holds its pictures.
 * Throws ObjectStoreError.
 */
export async function findPublished(
  record: GenerationRecord,
  calls: readonly CallRecord[],
  objects: Pick<ObjectStore, 'open'>,
): Promise<StoredImage[]> {
  // Also of calls that are done: their last step may have reached the disk without the one that names the image.
  const begun = calls.filter((call) => call.state !== 'open');
  if (begun.length === 0) return [];
  const known = new Set(record.images.map((image) => image.index));
  const links = new Map(calls.flatMap((call) => call.links ?? []).map((link) => [link.index, link]));
  const found: StoredImage[] = [];
  async function adopt(index: number): Promise<boolean> {
    const image = known.has(index) ? undefined : await findImage(record.id, index, objects);
    if (image === undefined) return false;
    found.push({ ...image, revisedPrompt: links.get(index)?.revisedPrompt });
    return true;
  }
  for (const call of begun) {
    for (let i = 0; i < call.images; i += 1) await adopt(call.firstIndex + i);
  }
  // More than were asked for stand behind all others.
  const highest = Math.max(...calls.map((call) => call.firstIndex + call.images));
  for (let index = highest; known.has(index) || (await adopt(index)); index += 1);
  return found;
}

async function findImage(
  generationId: string,
  index: number,
  objects: Pick<ObjectStore, 'open'>,
): Promise<StoredImage | undefined> {
  for (const format of formats) {
    const object = imageObjectName(generationId, index, format);
    const reader = await objects.open(object);
    if (reader === undefined) continue;
    const image = await describeObject(reader);
    if (image?.format === format) return { index, object, ...image, revisedPrompt: undefined };
  }
  return undefined;
}
