import { imageSize } from 'image-size';

export interface MeasuredImage {
  bytes: Uint8Array;
  /** What the first bytes say: `png`, `jpg`, `webp`, `gif`, `bmp`, `tiff`, `heif`, ... */
  type: string;
  width: number;
  height: number;
}

/** Bytes of bare, standard base64; undefined for anything else, a data URI included. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length === 0 || text.length % 4 === 1 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64');
}

/** Parts of `data:<type>;base64,<data>`, the type as written; undefined when it is not one or does not decode. */
export function decodeDataUri(text: string): { mimeType: string; bytes: Uint8Array } | undefined {
  const head = /^data:([\w.+-]+\/[\w.+-]+);base64,/i.exec(text.slice(0, 100));
  if (head === null) return undefined;
  const bytes = decodeBase64(text.slice(head[0].length));
  return bytes === undefined ? undefined : { mimeType: head[1] ?? '', bytes };
}

export function isHttpUrl(text: string): boolean {
  return /^https?:\/\/[^\s/]/i.test(text);
}

/** Type and pixels from the header, without decoding; undefined when the bytes are no picture we know. */
export function measureImage(bytes: Uint8Array): MeasuredImage | undefined {
  try {
    // image-size reads past the end of a view, where Node's pool holds other people's bytes: small ones get their own.
    const own = bytes.byteLength < Buffer.poolSize ? new Uint8Array(bytes) : bytes;
    const { type, width, height } = imageSize(own);
    if (type === undefined || width <= 0 || height <= 0) return undefined;
    return { bytes, type, width, height };
  } catch {
    return undefined; // image-size throws on everything it does not recognise
  }
}
