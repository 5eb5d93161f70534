import { downloadZip } from 'client-zip';
import { send } from '../api/client.ts';
import { asApiError, isAbort } from '../api/errors.ts';
import { saveBlob } from './save-blob.ts';
import { contentPath, type Picture } from './source.ts';

/** What was left out of a ZIP, and why. */
export interface Missing {
  name: string;
  why: string;
}

export interface ZipProgress {
  done: number;
  /** Grows while records turn out to hold several images. */
  total: number;
}

interface ZipInput {
  ids: readonly string[];
  /** Undefined: no longer there. Throws ApiError. */
  find: (id: string, signal: AbortSignal) => Promise<Picture | undefined>;
  onProgress: (progress: ZipProgress) => void;
  signal: AbortSignal;
}

/**
 * All images of some records as they were made, in one file that is written while they come: one image at a time is in
 * memory, the file itself is where the browser keeps blobs. What cannot be had is left out and named. Throws only an
 * abort, and ApiError of a session that has ended.
 */
export async function downloadPictures(
  input: ZipInput,
): Promise<{ packed: number; missing: readonly Missing[] }> {
  const missing: Missing[] = [];
  let packed = 0;
  const files = readFiles(input, missing);
  const counted = async function* () {
    for await (const file of files) {
      packed += 1;
      yield file;
    }
  };
  const blob = await downloadZip(counted()).blob();
  input.signal.throwIfAborted();
  if (packed > 0) saveBlob(blob, `easel-${new Date().toISOString().slice(0, 10)}.zip`);
  return { packed, missing };
}

async function* readFiles({ ids, find, onProgress, signal }: ZipInput, missing: Missing[]) {
  let done = 0;
  let total = ids.length;
  for (const id of ids) {
    const picture = await attempt(() => find(id, signal), id, missing);
    const indexes = picture?.images.map(({ index }) => index) ?? [];
    if (picture !== undefined) {
      for (const { index } of picture.failed_images)
        missing.push({ name: `${id}_${index}`, why: 'This image failed.' });
      if (indexes.length === 0 && picture.failed_images.length === 0)
        missing.push({ name: id, why: picture.error?.message ?? 'It holds no images yet.' });
    } else if (!missing.some(({ name }) => name === id))
      missing.push({ name: id, why: 'It is no longer there.' });
    total += Math.max(0, indexes.length - 1);
    for (const index of indexes) {
      onProgress({ done, total });
      // Whole, so that one that breaks off is left out instead of breaking the file.
      const file = await attempt(() => readImage(id, index, signal), `${id}_${index}`, missing);
      if (file !== undefined) yield { ...file, lastModified: new Date((picture?.created_at ?? 0) * 1000) };
      done += 1;
    }
    if (indexes.length === 0) done += 1;
    onProgress({ done, total });
  }
}

async function readImage(id: string, index: number, signal: AbortSignal) {
  const response = await send('GET', contentPath(id, index), { signal });
  return { name: fileNameOf(response) ?? `${id}_${index}`, input: await response.blob() };
}

async function attempt<T>(work: () => Promise<T>, name: string, missing: Missing[]): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    const error = asApiError(thrown);
    if (isAbort(thrown) || error.status === 401) throw thrown;
    missing.push({ name, why: error.message });
    return undefined;
  }
}

/** The name that the gateway gives a file. */
export function fileNameOf(response: Response): string | undefined {
  return /filename="([\w.-]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1];
}
