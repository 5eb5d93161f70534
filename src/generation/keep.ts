import { UpstreamFault } from '../core/fault.ts';
import { extensions } from '../core/image-format.ts';
import type { CallImage } from '../core/image-result.ts';
import { readStructure } from '../core/image-structure.ts';
import type { ObjectDraft } from '../core/object-store.ts';
import type { StoredImage } from '../core/record.ts';
import type { Route } from '../core/route.ts';

/** What keeping needs, handed in. */
export interface KeepTools {
  /** Fetches a result link into a draft. Throws UpstreamFault when it cannot be had. */
  download(url: string, route: Route, signal: AbortSignal): Promise<ObjectDraft>;
}

/** One image of a call with its place in the generation. */
export interface ImageToKeep {
  generationId: string;
  /** The place in the generation, as the caller knows it. */
  index: number;
  image: Exclude<CallImage, { kind: 'failed' }>;
  route: Route;
}

/**
 * Stores one image: its structure is checked (header, size, trailer; no decoding), its bytes are published
 * under a name of ours. After it returns they survive a power cut. Throws UpstreamFault when the upstream
 * gave no readable image, ObjectStoreError when our own store failed.
 */
export async function keepImage(
  keep: ImageToKeep,
  signal: AbortSignal,
  tools: KeepTools,
): Promise<StoredImage> {
  const { image, index, generationId } = keep;
  const draft = image.kind === 'held' ? image.draft : await tools.download(image.url, keep.route, signal);
  try {
    const structure = await readStructure((offset, length) => draft.readAt(offset, length), draft.bytes);
    if ('broken' in structure) {
      throw new UpstreamFault('bad_reply', {
        details: `image ${index}: ${structure.broken} (${draft.bytes} bytes)`,
      });
    }
    const object = objectName(generationId, index, extensions[structure.format]);
    const { bytes, sha256 } = await draft.publish(object);
    const { format, width, height } = structure;
    return { index, object, format, width, height, bytes, sha256, revisedPrompt: image.revisedPrompt };
  } catch (error) {
    await draft.discard();
    throw error;
  }
}

/** Spread by the id's last characters: the first ones are the time, and would put a day's pictures into one folder. */
function objectName(generationId: string, index: number, extension: string): string {
  return `images/${generationId.slice(-2).toLowerCase()}/${generationId}_${index}.${extension}`;
}
