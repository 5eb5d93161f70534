import type { ImageOwner } from '../../../src/http/admin/wire.ts';
import { ask, withQuery } from '../api/client.ts';
import { asApiError } from '../api/errors.ts';
import { imagesPath } from '../api/images-path.ts';
import type { ImageRecord } from '../api/wire.ts';

/** A record as the gallery has it; `key` is there for admins. */
export type Picture = ImageRecord & Partial<ImageOwner>;

/** Where a page of the list begins and how long it may be. */
export interface PageQuery {
  /** 1..100 */
  limit: number;
  /** Older than this record; its id holds the place when it is gone. */
  after?: string;
  /** The nearest that are newer than it, newest first. */
  before?: string;
}

export interface PicturePage {
  pictures: readonly Picture[];
  /** More exist in the direction walked. */
  hasMore: boolean;
}

/** The records that one session may see under one set of filters, newest first. All throw ApiError. */
export interface PictureSource {
  page(query: PageQuery, signal: AbortSignal): Promise<PicturePage>;
  /** Whether the filters admit it or not; undefined: no longer there, or never this session's. */
  picture(id: string, signal: AbortSignal): Promise<Picture | undefined>;
}

export function makeSource(filters: Readonly<Record<string, string | number>>): PictureSource {
  const path = imagesPath();
  return {
    async page({ limit, after, before }, signal) {
      const list = await ask<{ data: readonly Picture[]; has_more: boolean }>('GET', path, {
        query: { ...filters, limit, after, before },
        signal,
      });
      return { pictures: list.data, hasMore: list.has_more };
    },
    async picture(id, signal) {
      try {
        return await ask<Picture>('GET', `${path}/${encodeURIComponent(id)}`, { signal });
      } catch (thrown) {
        if (asApiError(thrown).status === 404) return undefined;
        throw thrown;
      }
    },
  };
}

/** What a download of one image is asked as. */
export interface DownloadForm {
  /** Undefined: as it was made. */
  as?: 'png' | 'jpeg' | 'webp' | 'avif' | undefined;
  /** Pixels; the height follows. Never enlarged. */
  width?: number | undefined;
}

/** The address of an image's bytes for this session. */
export function contentPath(id: string, index: number, form: DownloadForm = {}): string {
  return withQuery(`${imagesPath()}/${id}/content`, {
    format: 'binary',
    index,
    as: form.as,
    width: form.width,
  });
}
