import type { Asset } from '../../core/asset.ts';
import { mimeTypes } from '../../core/image-format.ts';
import type * as shapes from './wire-schemas.ts';
import { seconds } from './wire.ts';
import type { Wire } from './wire-schemas.ts';

/** Assets as the wire has them: the envelope and camelCase that upload programs read (public-api.md section 12). */
export function assetToWire(asset: Asset): Wire<typeof shapes.asset> {
  const { id, name, width, height } = asset;
  const divisor = greatestCommonDivisor(width, height);
  return {
    assetId: id,
    name,
    status: 'active',
    mediaType: 'image',
    mimeType: mimeTypes[asset.format],
    fileType: asset.format,
    filename: asset.fileName ?? null,
    sizeBytes: asset.bytes,
    width,
    height,
    aspectRatio: `${width / divisor}:${height / divisor}`,
    assetGroupId: asset.groupId ?? null,
    createdAt: seconds(asset.createdAtMs),
    uri: `asset://${id}`,
  };
}

/** What every reply about assets stands in. */
export function inEnvelope<Data>(data: Data) {
  return { code: 0 as const, msg: 'OK' as const, serviceCode: null, data };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
