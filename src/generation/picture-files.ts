import { GatewayError } from '../core/errors.ts';
import {
  copiesOf,
  copyFolder,
  copyHash,
  copyObjectName,
  formatOf,
  type CopyForm,
  type PictureForm,
} from '../core/image-copy.ts';
import type { ImageFormat } from '../core/image-format.ts';
import type { Log } from '../core/log.ts';
import { ObjectStoreError, type ObjectReader, type ObjectStore } from '../core/object-store.ts';
import type { StoredImage } from '../core/record.ts';
import { copyRecipe, makeCopy } from './copies.ts';
import { makeGate } from './gate.ts';

/** Stored pictures as they are read: the originals, and copies that are made when somebody first asks for one. */
export interface PictureFiles {
  /**
   * Opens a picture in a form, to be closed by the caller. Throws GatewayError `internal`, and `queue_full` when it
   * would have to wait behind too many others or for too long; with `isDue` it waits behind any number.
   */
  open(
    generationId: string,
    image: StoredImage,
    form: PictureForm,
    options?: { isDue?: boolean },
  ): Promise<OpenPicture>;
  /** Names the bytes of a form, quotes included; known without making them. */
  etagOf(image: StoredImage, form: PictureForm): string;
  /** Removes the copies of a generation whose originals are gone. Throws ObjectStoreError. */
  forget(generationId: string): Promise<void>;
  /** Brings the kept copies within their bound. For the start; afterwards it happens by itself. Never throws. */
  sweep(): Promise<void>;
  /** Resolves when nothing is done in the background any more. */
  close(): Promise<void>;
}

export interface OpenPicture {
  format: ImageFormat;
  reader: ObjectReader;
}

export interface PictureFilesTools {
  objects: Pick<ObjectStore, 'create' | 'open' | 'remove' | 'list'>;
  /** Of all copies that are kept, together; the ones not used for longest go first. 0: none are kept. */
  maxBytes: number;
  /** False: what can be made again is not to be stored now. */
  hasRoom(): Promise<boolean>;
  log: Log;
}

/** Made at a time. They share the decoder's places with input images, so that one of these waits for one copy at most. */
const maxTogether = 2;
/** Being made or waiting for it; more are sent away. */
const maxWaiting = 100;
/** Waiting and making. */
const patienceMs = 60_000;
/** As of input images. The largest that an upstream makes has 17 megapixels. */
const maxPixels = 36_000_000;
/** A sweep leaves this part of the bound, so that not every new copy begins another one. */
const sweptPart = 0.9;

export function makePictureFiles(tools: PictureFilesTools): PictureFiles {
  const { objects, maxBytes, log } = tools;
  const gate = makeGate(maxTogether);
  const making = new Map<string, Promise<Uint8Array>>();
  /** Copies used since the start, the latest last. */
  const used = new Set<string>();
  /** At the last sweep, and stored since. */
  let keptBytes = 0;
  let sweeping: Promise<void> | undefined;
  let isClosed = false;

  return {
    async open(generationId, image, form, { isDue = false } = {}) {
      const format = formatOf(image, form);
      if (form === undefined) return { format, reader: await openOriginal(image) };
      const name = copyObjectName(generationId, image, form, copyRecipe);
      const kept = await openKept(name);
      if (kept !== undefined) return { format, reader: kept };
      const bytes = await makeOnce(name, image, form, isDue ? Infinity : maxWaiting);
      // From the store where it is kept: a slow reader then holds little memory.
      return { format, reader: (await openKept(name)) ?? readerOf(bytes) };
    },

    etagOf: (image, form) =>
      form === undefined ? `"${image.sha256}"` : `"${copyHash(image, form, copyRecipe)}"`,

    async forget(generationId) {
      for await (const { name } of objects.list(copiesOf(generationId))) await drop(name);
    },

    sweep: sweepOnce,

    async close() {
      isClosed = true;
      await Promise.allSettled(making.values());
      await sweeping;
    },
  };

  async function openOriginal(image: StoredImage): Promise<ObjectReader> {
    const reader = await objects.open(image.object);
    if (reader !== undefined) return reader;
    throw new GatewayError(
      'internal',
      'A stored image is missing on this server. Ask the operator to run `npm run easel -- check`.',
      {
        details: `object ${image.object} is missing`,
      },
    );
  }

  /** What is wrong with the place of copies does not keep anybody from a picture. */
  async function openKept(name: string): Promise<ObjectReader | undefined> {
    try {
      const reader = await objects.open(name);
      if (reader === undefined) return undefined;
      used.delete(name);
      used.add(name);
      return reader;
    } catch (error) {
      if (!(error instanceof ObjectStoreError)) throw error;
      log.warn({ object: name, error }, 'A kept copy cannot be read; it is made again.');
      return undefined;
    }
  }

  function makeOnce(
    name: string,
    image: StoredImage,
    form: CopyForm,
    maxWaiting: number,
  ): Promise<Uint8Array> {
    const present = making.get(name);
    if (present !== undefined) return present;
    if (making.size >= maxWaiting) throw busy('too many copies wait to be made');
    const made = make(name, image, form).finally(() => making.delete(name));
    making.set(name, made);
    return made;
  }

  async function make(name: string, image: StoredImage, form: CopyForm): Promise<Uint8Array> {
    const signal = AbortSignal.timeout(patienceMs);
    const bytes = await gate(signal, async () => {
      const original = { bytes: await readWhole(await openOriginal(image)), format: image.format };
      return await makeCopy(original, form, maxPixels, signal);
    }).catch((error: unknown) => {
      if (signal.aborted && error === signal.reason) throw busy('a copy was not made in time');
      if (error instanceof GatewayError) throw error;
      throw new GatewayError(
        'internal',
        'This image cannot be resized or converted: it is damaged or too large. Fetch it as it was made.',
        { details: `object ${image.object}: ${String(error)}`, cause: error },
      );
    });
    await keep(name, bytes, image);
    return bytes;
  }

  async function keep(name: string, bytes: Uint8Array, image: StoredImage): Promise<void> {
    if (bytes.length > maxBytes * sweptPart || isClosed || !(await tools.hasRoom())) return;
    try {
      const draft = await objects.create();
      try {
        await draft.write(bytes);
        await draft.publish(name);
      } finally {
        await draft.discard();
      }
      used.add(name);
      keptBytes += bytes.length;
      // Who deletes a picture removes the original first and then looks for copies: one of us sees the other.
      const original = await objects.open(image.object);
      if (original === undefined) await drop(name);
      else await original.close();
    } catch (error) {
      if (!(error instanceof ObjectStoreError)) throw error;
      // Another process may have been first, with other bytes of the same picture.
      if (error.kind !== 'taken') log.warn({ object: name, error }, 'A copy could not be kept.');
    }
    if (keptBytes > maxBytes) void sweepOnce();
  }

  async function drop(name: string): Promise<void> {
    await objects.remove(name);
    used.delete(name);
  }

  function sweepOnce(): Promise<void> {
    sweeping ??= sweep()
      .catch((error: unknown) => log.warn({ error }, 'The kept copies could not be swept.'))
      .finally(() => {
        sweeping = undefined;
      });
    return sweeping;
  }

  /** Looks at what is there, as other processes may keep copies in the same place. */
  async function sweep(): Promise<void> {
    const there: { name: string; bytes: number }[] = [];
    for await (const copy of objects.list(copyFolder)) {
      if (isClosed) return;
      there.push(copy);
    }
    let bytes = there.reduce((sum, copy) => sum + copy.bytes, 0);
    if (bytes > maxBytes) {
      const order = new Map([...used].map((name, i) => [name, i]));
      const oldestFirst = there.toSorted((a, b) => (order.get(a.name) ?? -1) - (order.get(b.name) ?? -1));
      for (const copy of oldestFirst) {
        if (bytes <= maxBytes * sweptPart || isClosed) break;
        await drop(copy.name);
        bytes -= copy.bytes;
      }
    }
    keptBytes = bytes;
  }
}

function busy(details: string): GatewayError {
  return new GatewayError(
    'queue_full',
    'Too many images are being resized or converted. Try again after the wait given.',
    { details },
  );
}

async function readWhole(reader: ObjectReader): Promise<Uint8Array> {
  try {
    return await reader.readAt(0, reader.bytes);
  } finally {
    await reader.close();
  }
}

/** Bytes in memory as a stored object. */
function readerOf(bytes: Uint8Array): ObjectReader {
  return {
    bytes: bytes.length,
    readAt: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    async *stream({ offset, length } = { offset: 0, length: bytes.length }) {
      yield bytes.subarray(offset, offset + length);
    },
    async *lendBase64() {
      yield Buffer.from(
        Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
        'latin1',
      );
    },
    close: () => Promise.resolve(),
  };
}
