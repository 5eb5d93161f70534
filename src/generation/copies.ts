import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import type { Sharp } from 'sharp';
import { decodeBmp, readBmpHeader } from '../core/bmp.ts';
import { copySize, type CopyForm, type CopyFormat } from '../core/image-copy.ts';
import type { ImageFormat } from '../core/image-format.ts';
import { makeGate } from './gate.ts';

/**
 * The one place where pixels are touched. Every function works on bytes whose format was sniffed and whose
 * claimed size was checked; none runs on the way of a paid result.
 */
export interface Picture {
  bytes: Uint8Array;
  format: ImageFormat;
}

/** What a picture's header says, as its decoder reads it. */
export interface PictureFacts {
  /** As it is to be seen, orientation applied. */
  width: number;
  height: number;
  /** EXIF: 1 is upright, 2..8 are turned or mirrored. */
  orientation: number;
  hasAlpha: boolean;
  /** Frames or pages; only the first is ever decoded. */
  frames: number;
  bitsPerSample: number;
}

export interface Encoding {
  format: 'png' | 'jpeg';
  /** 1..100, JPEG only. */
  quality: number;
  /** 1 keeps the size; the smaller, the smaller. */
  scale: number;
}

export interface EncodedPicture {
  bytes: Uint8Array;
  width: number;
  height: number;
}

let loading: Promise<typeof import('sharp').default> | undefined;

/** The library comes with the first picture that is touched: a gateway that passes pictures through does without its 20 MB. */
function loadSharp(): Promise<typeof import('sharp').default> {
  loading ??= import('sharp').then(({ default: sharp }) => {
    // Every picture is decoded once: a cache would only hold memory.
    sharp.cache(false);
    return sharp;
  });
  return loading;
}

/** Wide files (TIFF takes 65,535 samples a pixel) would fill the memory with few pixels. CMYK and alpha are 5. */
const maxChannels = 5;

/** No honest picture within the size limits takes this long. */
const maxDecodeSeconds = 30;

/**
 * Two decodes at a time in the process. Of 36 megapixels PNG, JPEG and TIFF hold 15 MiB, interlaced and
 * progressive ones 110, GIF 155, WebP 280 and AVIF 630, which come whole out of their decoders.
 */
const gate = makeGate(2);

/** Reads the header with the decoder itself; undefined when it refuses. HEIC is not read. */
export async function describePicture(
  picture: Picture,
  maxPixels: number,
): Promise<PictureFacts | undefined> {
  if (picture.format === 'bmp') {
    const header = readBmpHeader(picture.bytes);
    if (header === undefined) return undefined;
    const { width, height, masks } = header;
    return { width, height, orientation: 1, hasAlpha: masks[3] !== 0, frames: 1, bitsPerSample: 8 };
  }
  try {
    const meta = await (await open(picture, maxPixels)).metadata();
    const decoder = picture.format === 'avif' ? 'heif' : picture.format;
    if (meta.format !== decoder || meta.channels > maxChannels) return undefined;
    const { width, height } = meta.autoOrient;
    return {
      width,
      height,
      orientation: meta.orientation ?? 1,
      hasAlpha: meta.hasAlpha,
      frames: meta.pages ?? 1,
      bitsPerSample: meta.bitsPerSample ?? (meta.depth === 'uchar' ? 8 : 16),
    };
  } catch {
    return undefined; // libvips says why in words that change; the caller reads one text
  }
}

/** True when every pixel is there. Rows stream through where the format allows. */
export async function decodesWhole(
  picture: Picture,
  maxPixels: number,
  signal: AbortSignal,
): Promise<boolean> {
  return gate(signal, async () => {
    if (picture.format === 'bmp') return (await decodeBmp(picture.bytes, maxPixels)) !== undefined;
    try {
      const { height } = await (await open(picture, maxPixels)).metadata();
      // Full height and hardly any width: every row is asked for, and little is held.
      const opened = await open(picture, maxPixels);
      await opened.resize(4, height, { fit: 'fill' }).raw().toBuffer();
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * A new file of the picture as it is to be seen: upright, sRGB, on white where the format has no alpha, without
 * metadata. Rejects when the decoder refuses after all.
 */
export async function encodePicture(
  picture: Picture,
  { format, quality, scale }: Encoding,
  maxPixels: number,
  signal: AbortSignal,
): Promise<EncodedPicture> {
  return gate(signal, async () => {
    const facts = await describePicture(picture, maxPixels);
    if (facts === undefined) throw new Error('a picture that was described before is not readable any more');
    let pipeline = (await openDecoded(picture, maxPixels)).autoOrient();
    if (scale < 1) pipeline = pipeline.resize({ width: Math.max(1, Math.round(facts.width * scale)) });
    pipeline = format === 'png' ? pipeline.png() : asJpeg(pipeline, quality);
    const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
    return { bytes: data, width: info.width, height: info.height };
  });
}

/** How copies are made; another way gives other bytes. */
export const copyRecipe = `1 sharp ${sharpVersion()}`;

function sharpVersion(): string {
  const file = findPackageJSON('sharp', import.meta.url) ?? '';
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/**
 * A copy of the picture's first frame, upright, sRGB, without metadata: a manifest of content credentials would not
 * fit the new bytes. Rejects when the decoder refuses.
 */
export async function makeCopy(
  picture: Picture,
  form: CopyForm,
  maxPixels: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return gate(signal, async () => {
    const facts = await describePicture(picture, maxPixels);
    if (facts === undefined) throw new Error('the decoder does not take the picture');
    const size = copySize(facts, form);
    let pipeline = (await openDecoded(picture, maxPixels)).autoOrient();
    if (size.width !== facts.width || size.height !== facts.height) {
      const isBox = form.width !== undefined && form.height !== undefined;
      const fit = isBox && (form.fit === 'cover' || form.fit === 'contain') ? form.fit : 'fill';
      pipeline = pipeline.resize({ ...size, fit, background: form.as === 'jpeg' ? '#ffffff' : '#ffffff00' });
    }
    return await encodeCopy(pipeline, form).toBuffer();
  });
}

/**
 * Of a picture of 2048 x 2048: WebP takes 230 ms of CPU and with the usual effort of 4 twice that, for a file of the
 * same size; AVIF takes 370 ms, with an effort of 2 1.7 s and with 4 5.4 s.
 */
function encodeCopy(pipeline: Sharp, { as, quality }: CopyForm): Sharp {
  const writers: Record<CopyFormat, () => Sharp> = {
    png: () => pipeline.png(),
    jpeg: () => asJpeg(pipeline, quality ?? 90),
    webp: () => pipeline.webp({ quality: quality ?? 90, effort: 2 }),
    avif: () => pipeline.avif({ quality: quality ?? 60, effort: 0 }),
  };
  return writers[as]();
}

/**
 * Without `optimiseCoding` the rows stream through: 36 megapixels of PNG cost 33 MiB instead of 444 and take
 * 0.9 s instead of 1.4, for a file a tenth larger.
 */
function asJpeg(pipeline: Sharp, quality: number): Sharp {
  const chromaSubsampling = quality >= 90 ? '4:4:4' : '4:2:0';
  return pipeline
    .flatten({ background: '#ffffff' })
    .jpeg({ quality, chromaSubsampling, optimiseCoding: false });
}

/** `truncated`, no stricter: photos with stray bytes between their segments are common and look right everywhere. */
async function open({ bytes }: Picture, maxPixels: number): Promise<Sharp> {
  const sharp = await loadSharp();
  return sharp(bytes, {
    failOn: 'truncated',
    limitInputPixels: maxPixels,
    sequentialRead: true,
    animated: false,
  }).timeout({ seconds: maxDecodeSeconds });
}

async function openDecoded(picture: Picture, maxPixels: number): Promise<Sharp> {
  if (picture.format !== 'bmp') return await open(picture, maxPixels);
  const image = await decodeBmp(picture.bytes, maxPixels);
  if (image === undefined) throw new Error('a BMP that was decoded before does not decode any more');
  const { pixels, width, height, channels } = image;
  const sharp = await loadSharp();
  return sharp(pixels, { raw: { width, height, channels } });
}
