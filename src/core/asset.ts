import type { ImageFormat } from './image-format.ts';
import { extensions } from './image-format.ts';

/** An image that a caller has uploaded, to be named in requests (public-api.md section 12). */
export interface Asset {
  id: string;
  /** Internal id of the key that owns it. */
  keyId: string;
  name: string;
  /** The caller's own label. */
  groupId: string | undefined;
  /** As the caller's file was called; of no meaning here. */
  fileName: string | undefined;
  /** The object's name. */
  object: string;
  format: ImageFormat;
  width: number;
  height: number;
  bytes: number;
  sha256: string;
  createdAtMs: number;
  lastUsedAtMs: number;
}

/** Where assets are written down. Another key's asset is answered like one that never was. */
export interface AssetStore {
  add(asset: Asset): Promise<void>;
  /** `keyId` undefined: whosever it is, for the operator. */
  find(id: string, keyId: string | undefined): Promise<Asset | undefined>;
  /** Newest first. */
  list(keyId: string, page: { offset: number; limit: number }): Promise<{ assets: Asset[]; total: number }>;
  /** In order of their ids, of all keys, after this one; for backups. */
  page(after: string | undefined, limit: number): Promise<Asset[]>;
  noteUsed(id: string, atMs: number): Promise<void>;
  /** Its object is doomed with it, until the record store is told that it is gone. Undefined: there is none. */
  remove(id: string, keyId: string): Promise<Asset | undefined>;
  /** Not used since then, longest ago first. */
  unused(sinceMs: number, limit: number): Promise<Asset[]>;
}

/** Where an asset's bytes lie: apart from what was made. Spread like images (image-object.ts). */
export function assetObjectName(id: string, format: ImageFormat): string {
  return `assets/${id.slice(-2).toLowerCase()}/${id}.${extensions[format]}`;
}

const pattern = /^assets\/[0-9a-z]{2}\/(ua_[0-7][0-9A-HJKMNP-TV-Z]{25})\.[a-z]{3,4}$/;

/** Whose bytes an object holds, by its name; undefined for a name that is no asset's. */
export function readAssetObjectName(name: string): string | undefined {
  return pattern.exec(name)?.[1];
}
