import { ask } from '../api/client.ts';
import { ApiError, asApiError } from '../api/errors.ts';
import { imagesPath } from '../api/images-path.ts';
import { ownLink } from '../api/own-link.ts';
import type { Asset, ImageRecord } from '../api/wire.ts';
import type { Store } from '../store.ts';
import type { Draft, InputImage } from './workspace.ts';

/** Input images of the draft: added, uploaded, put in order, and said to the gateway. */

type DraftStore = Store<Draft>;

/** The gateway's own limit; it says so too, but only when all has been sent. */
const maxFileBytes = 20 * 1024 * 1024;
const thumbnailPixels = 192;

/** Uploads files one after the other, in the order given. Those beyond `room` are refused by name. */
export async function addFiles(draft: DraftStore, files: readonly File[], room: number): Promise<void> {
  const added = files.map((file, i): { input: InputImage; file: File } => {
    const problem =
      i >= room
        ? 'There is no room for it: the model takes no more images.'
        : file.size > maxFileBytes
          ? 'It has more than 20 MB.'
          : null;
    const input: InputImage = {
      id: localId(),
      name: file.name === '' ? 'pasted image' : file.name,
      source: { kind: 'upload', problem },
      thumbnail: null,
    };
    return { input, file };
  });
  edit(draft, (inputs) => [...inputs, ...added.map(({ input }) => input)]);
  for (const { input, file } of added) {
    if (input.source.kind === 'upload' && input.source.problem !== null) continue;
    change(draft, input.id, { thumbnail: await drawThumbnail(file) });
    await upload(draft, input.id, file);
  }
}

/** Keeps a file at the gateway; gives its `asset://` address. Throws ApiError. */
export async function uploadAsset(file: File): Promise<string> {
  const form = new FormData();
  form.set('file', file);
  const { data } = await ask<{ data: Asset }>('POST', '/v1/assets', { body: form });
  return data.uri;
}

async function upload(draft: DraftStore, id: string, file: File): Promise<void> {
  try {
    change(draft, id, { source: { kind: 'asset', uri: await uploadAsset(file) } });
  } catch (thrown) {
    change(draft, id, { source: { kind: 'upload', problem: asApiError(thrown).message } });
  }
}

/** An image on the web. The gateway fetches it; this page may not. */
export function addUrl(draft: DraftStore, url: string): void {
  const name = URL.canParse(url) ? (new URL(url).pathname.split('/').pop() ?? '') : '';
  const input: InputImage = {
    id: localId(),
    name: name === '' ? url : name,
    source: { kind: 'url', url },
    thumbnail: null,
  };
  edit(draft, (inputs) => [...inputs, input]);
}

/** A picture made here. `thumbnailUrl` is loaded now, because such links age. */
export async function addPicture(
  draft: DraftStore,
  picture: { imageId: string; index: number; name: string; thumbnailUrl: string | undefined },
): Promise<void> {
  const { imageId, index, name, thumbnailUrl } = picture;
  const id = localId();
  edit(draft, (inputs) => [
    ...inputs,
    { id, name, source: { kind: 'picture', imageId, index }, thumbnail: null },
  ]);
  if (thumbnailUrl === undefined) return;
  const response = await fetch(ownLink(thumbnailUrl)).catch(() => undefined);
  if (response?.ok !== true) return;
  change(draft, id, { thumbnail: await drawThumbnail(await response.blob()) });
}

/** A picture known by its record's id only. Throws ApiError when it is not there for the acting key. */
export async function addRecord(draft: DraftStore, imageId: string, index: number): Promise<void> {
  const { images, prompt } = await ask<ImageRecord>('GET', `${imagesPath()}/${encodeURIComponent(imageId)}`);
  const image = images.find((kept) => kept.index === index) ?? images[0];
  if (image === undefined) throw gone;
  const name = prompt.slice(0, 60);
  await addPicture(draft, { imageId, index: image.index, name, thumbnailUrl: image.thumbnail_url });
}

export function removeInput(draft: DraftStore, id: string): void {
  edit(draft, (inputs) => inputs.filter((input) => input.id !== id));
}

/** Moves an image by so many places, within the list. */
export function moveInput(draft: DraftStore, id: string, by: number): void {
  edit(draft, (inputs) => {
    const from = inputs.findIndex((input) => input.id === id);
    const moved = inputs[from];
    const others = inputs.filter((input) => input.id !== id);
    const to = Math.max(0, Math.min(others.length, from + by));
    return moved === undefined ? inputs : [...others.slice(0, to), moved, ...others.slice(to)];
  });
}

/** What stands for the images in a request. Throws ApiError when a picture of ours is gone. */
export async function imageReferences(inputs: readonly InputImage[]): Promise<string[]> {
  return await Promise.all(inputs.map(({ source }) => referenceOf(source)));
}

async function referenceOf(source: InputImage['source']): Promise<string> {
  switch (source.kind) {
    case 'asset':
      return source.uri;
    case 'url':
      return source.url;
    case 'picture': {
      const { images } = await ask<ImageRecord>('GET', `${imagesPath()}/${source.imageId}`);
      const found = images.find(({ index }) => index === source.index);
      if (found !== undefined) return found.original_url ?? found.url;
      throw gone;
    }
    case 'upload':
      throw gone;
  }
}

const gone = new ApiError({
  message: 'An input image is no longer there. Remove it and add it again.',
  status: 400,
  type: 'invalid_request_error',
  reason: 'asset_not_found',
});

/**
 * A small copy of a picture, drawn anew. The file itself is never shown: it may say that it is an image and be
 * something else. null when it does not decode.
 */
async function drawThumbnail(file: Blob): Promise<string | null> {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, thumbnailPixels / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return canvas.toDataURL('image/webp', 0.8);
  } catch {
    return null;
  }
}

function edit(draft: DraftStore, how: (inputs: readonly InputImage[]) => readonly InputImage[]): void {
  const now = draft.get();
  draft.set({ ...now, inputs: how(now.inputs) });
}

function change(draft: DraftStore, id: string, changes: Partial<InputImage>): void {
  edit(draft, (inputs) => inputs.map((input) => (input.id === id ? { ...input, ...changes } : input)));
}

let lastLocalId = 0;

function localId(): string {
  lastLocalId += 1;
  return `${Date.now()}-${lastLocalId}`;
}
