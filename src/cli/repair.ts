import type { InstalledStores } from '../compose-stores.ts';
import { GatewayError, toPublicError } from '../core/errors.ts';
import { RecordStoreError, type Outcome } from '../core/record-store.ts';
import type { GenerationRecord, RecordUsage, StoredImage } from '../core/record.ts';
import type { Finding } from './audit.ts';

/** What was done about a finding, in words; false: nothing could be. */
export async function repair(finding: Finding, stores: InstalledStores): Promise<string | false> {
  try {
    return await act(finding, stores);
  } catch (error) {
    if (error instanceof RecordStoreError && error.kind === 'missing') return 'deleted meanwhile';
    throw error;
  }
}

async function act(finding: Finding, stores: InstalledStores): Promise<string | false> {
  if (finding.kind === 'lost') return await dropImage(finding, stores);
  if (finding.kind === 'lost_asset') return await dropAsset(finding, stores);
  // Somebody put it there, and may want it.
  if (finding.kind === 'stranger') return false;
  if (finding.kind === 'orphan') {
    await stores.objects.remove(finding.object);
    return 'removed';
  }
  await stores.records.close(finding.record.id, withImage(finding.record, finding.image));
  return 'added to its record';
}

async function dropImage(
  { record, image, why }: Extract<Finding, { kind: 'lost' }>,
  stores: InstalledStores,
): Promise<string | false> {
  const { records, objects } = stores;
  // A disk that does not read today may read tomorrow; a running generation's record is the gateway's.
  if (why === 'unreadable' || record.status === 'in_progress') return false;
  const file = why === 'missing' ? undefined : await stores.setAside(image.object);
  await records.close(record.id, withoutImage(record, image));
  await objects.remove(image.object);
  await records.forgetObjects([image.object]);
  const done = record.images.length > 1 ? 'marked as failed' : 'its record marked as failed';
  return file === undefined ? done : `${done}; what is left of it: ${file}`;
}

/** Whoever uploaded it is told that there is none, and uploads it again. */
async function dropAsset(
  { asset, why }: Extract<Finding, { kind: 'lost_asset' }>,
  stores: InstalledStores,
): Promise<string | false> {
  if (why === 'unreadable') return false;
  const file = why === 'missing' ? undefined : await stores.setAside(asset.object);
  await stores.assets.remove(asset.id, asset.keyId);
  await stores.objects.remove(asset.object);
  await stores.records.forgetObjects([asset.object]);
  return file === undefined ? 'forgotten' : `forgotten; what is left of it: ${file}`;
}

/** Not a 5xx: it was paid for, and no client shall buy it again by itself. */
const lost = new GatewayError(
  'outcome_unknown',
  'The image was made and charged, but its file was lost or damaged on this server.',
);

function withoutImage(record: GenerationRecord, image: StoredImage): Outcome {
  const images = record.images.filter(({ index }) => index !== image.index);
  const error = toPublicError(lost);
  const failedImages = [...record.failedImages, { index: image.index, error }];
  return images.length > 0
    ? { ...record, images, failedImages: failedImages.toSorted((a, b) => a.index - b.index) }
    : { ...record, status: 'failed', images, failedImages: [], error };
}

function withImage(record: GenerationRecord, image: StoredImage): Outcome {
  return {
    ...record,
    status: 'completed',
    error: undefined,
    images: [...record.images, image].toSorted((a, b) => a.index - b.index),
    failedImages: record.failedImages.filter(({ index }) => index !== image.index),
    usage: usageWith(record.usage, image),
  };
}

/** As for upstreams that report no tokens (public-api.md section 4.4); what it cost is not known any more. */
function usageWith(usage: RecordUsage | undefined, image: StoredImage): RecordUsage {
  const tokens = Math.floor((image.width * image.height) / 256);
  return {
    cost: null,
    ...usage,
    generatedImages: (usage?.generatedImages ?? 0) + 1,
    outputTokens: (usage?.outputTokens ?? 0) + tokens,
    totalTokens: (usage?.totalTokens ?? 0) + tokens,
  };
}
