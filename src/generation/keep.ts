import { UpstreamFault } from '../core/fault.ts';
import { imageObjectName } from '../core/image-object.ts';
import type { ImageFormat } from '../core/image-format.ts';
import type { CallImage } from '../core/image-result.ts';
import { readStructure } from '../core/image-structure.ts';
import { ObjectStoreError, type ObjectDraft } from '../core/object-store.ts';
import { ownTurn } from '../core/own-turn.ts';
import type { StoredImage } from '../core/record.ts';
import type { Route } from '../core/route.ts';
import { AbsentLink } from '../upstream/download.ts';
import { isStorageFault, patiently, type PatienceTools } from './patience.ts';

/** What keeping needs, handed in. */
export interface KeepTools extends PatienceTools {
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

/** A link that is not there for this long is gone; some CDNs are seconds behind the reply that names the link. */
const absentMs = 2 * 60 * 1000;
/** Downloads that arrive whole and still are no picture, before that is taken for the truth. */
const maxBrokenDownloads = 3;
/** Names tried where earlier ones hold other bytes. */
const maxNames = 10;

/**
 * Stores one image: its structure is checked (header, size, trailer; no decoding), its bytes are published
 * under a name of ours. After it returns they survive a power cut.
 *
 * It was paid for, so it is not given up while there is something left to try: what our store cannot take now is
 * offered again, a link that fails is fetched again, until the signal ends. Throws UpstreamFault when the
 * upstream gave no readable image, ObjectStoreError when our own store lost it.
 */
export async function keepImage(
  keep: ImageToKeep,
  signal: AbortSignal,
  tools: KeepTools,
): Promise<StoredImage> {
  const facts = { generation: keep.generationId, index: keep.index };
  const { image } = keep;
  if (image.kind === 'link') {
    const mayPass = linkPatience(tools);
    return await patiently({ what: 'Keeping a picture', facts, mayPass }, signal, tools, async () =>
      storeOrDiscard(await tools.download(image.url, keep.route, signal), keep, tools),
    );
  }
  try {
    return await patiently({ what: 'Storing a picture', facts }, signal, tools, () =>
      store(image.draft, keep, tools),
    );
  } finally {
    await image.draft.discard();
  }
}

/** What may pass of all that can go wrong with a link: everything but its end. */
function linkPatience({ clock }: KeepTools): (error: unknown) => boolean {
  let absentSinceMs: number | undefined;
  let broken = 0;
  return (error) => {
    if (!(error instanceof AbsentLink)) absentSinceMs = undefined;
    if (error instanceof AbsentLink) {
      absentSinceMs ??= clock.now();
      return clock.now() - absentSinceMs < absentMs;
    }
    if (error instanceof UpstreamFault) {
      if (error instanceof BrokenPicture) broken += 1;
      return error.kind === 'unknown' || (error instanceof BrokenPicture && broken < maxBrokenDownloads);
    }
    return isStorageFault(error) || (error instanceof ObjectStoreError && error.kind === 'lost');
  };
}

/** Bytes that are no picture. Of a link they may have come wrong only this time. */
class BrokenPicture extends UpstreamFault {}

/** A link is fetched again from zero: its draft has served. */
async function storeOrDiscard(draft: ObjectDraft, keep: ImageToKeep, tools: KeepTools): Promise<StoredImage> {
  try {
    return await store(draft, keep, tools);
  } finally {
    await draft.discard();
  }
}

async function store(draft: ObjectDraft, keep: ImageToKeep, tools: KeepTools): Promise<StoredImage> {
  const { image, index, generationId } = keep;
  await ownTurn(draft.bytes);
  const structure = await readStructure((offset, length) => draft.readAt(offset, length), draft.bytes);
  if ('broken' in structure) {
    tools.log.warn(
      { generation: generationId, index, bytes: draft.bytes, head: asText(await draft.readAt(0, 2048)) },
      'An upstream gave bytes that are no whole picture.',
    );
    throw new BrokenPicture('bad_reply', {
      details: `image ${index}: ${structure.broken} (${draft.bytes} bytes)`,
    });
  }
  const published = await publish(draft, generationId, index, structure.format);
  return { index, ...structure, ...published, revisedPrompt: image.revisedPrompt };
}

/** A name that holds other bytes belongs to an earlier life of this image that no record knows; both are kept. */
async function publish(
  draft: ObjectDraft,
  generationId: string,
  index: number,
  format: ImageFormat,
): Promise<{ object: string; bytes: number; sha256: string }> {
  for (let attempt = 0; ; attempt += 1) {
    const object = imageObjectName(generationId, index, format, attempt);
    try {
      return { object, ...(await draft.publish(object)) };
    } catch (error) {
      const isTaken = error instanceof ObjectStoreError && error.kind === 'taken';
      if (!isTaken || attempt === maxNames) throw error;
    }
  }
}

/** The beginning of what came, for the log. */
function asText(head: Uint8Array): string {
  return Buffer.from(head)
    .toString('latin1')
    .replaceAll(/[^\x20-\x7e\n]/g, '.');
}
