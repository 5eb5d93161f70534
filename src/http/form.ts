import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BusboyFileStream, BusboyInstance } from '@fastify/busboy';
import type { FastifyRequest } from 'fastify';
import { GatewayError } from '../core/errors.ts';

/** A file that came in a form and lies in a folder of its own until the form is closed. */
export interface FormFile {
  /** As sent: `image[]`. */
  field: string;
  /** As sent; of no meaning here. */
  fileName: string | undefined;
  bytes: number;
  /** Lower-case hex; of what was kept, where it is too large. */
  sha256: string;
  /** More came than was asked for; the rest is not kept. */
  isTooLarge: boolean;
  read(): Promise<Uint8Array>;
}

/** A multipart form, read whole. Its files are gone once it is closed. */
export interface Form {
  texts: readonly { field: string; value: string }[];
  /** In the order they came. */
  files: readonly FormFile[];
  close(): Promise<void>;
}

export interface FormLimits {
  /** Where files lie meanwhile. */
  folder: string;
  /** Bytes of the whole form. */
  maxBytes: number;
  /** Bytes of one file that are kept. */
  maxFileBytes: number;
}

/** More than any request has, few enough that a form cannot fill the disk with empty files. */
const maxFiles = 64;
const maxTexts = 256;
const maxTextBytes = 1024 * 1024;

/**
 * Reads a multipart body, its files straight to the disk. Throws GatewayError: `body_too_large`, `invalid_value` for
 * a body that is no whole form, `storage_unavailable`. Whatever is thrown, no file is left.
 */
export async function readForm(request: FastifyRequest, limits: FormLimits): Promise<Form> {
  await mkdir(limits.folder, { recursive: true });
  const folder = await mkdtemp(join(limits.folder, 'form-'));
  const close = () => rm(folder, { recursive: true, force: true });
  try {
    return { ...(await parse(request, folder, limits)), close };
  } catch (error) {
    await close();
    throw asRefusal(error);
  }
}

async function parse(
  { raw }: FastifyRequest,
  folder: string,
  limits: FormLimits,
): Promise<Omit<Form, 'close'>> {
  const busboy = await openParser(raw, limits);
  const texts: { field: string; value: string }[] = [];
  const files: Promise<FormFile>[] = [];
  const streams: BusboyFileStream[] = [];
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const refuse = (message: string) => failed.reject(malformed(message));
  busboy.on('error', failed.reject);
  busboy.on('file', (field: string | undefined, stream: BusboyFileStream, fileName: string | undefined) => {
    const file = save(stream, field ?? '', fileName, join(folder, String(files.length)));
    file.catch(failed.reject);
    streams.push(stream);
    files.push(file);
  });
  busboy.on('field', (field: string | undefined, value: string, _cut: boolean, isTruncated: boolean) => {
    if (isTruncated) refuse(`'${(field ?? '').slice(0, 100)}' is longer than ${maxTextBytes} bytes.`);
    texts.push({ field: field ?? '', value });
  });
  for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const)
    busboy.on(limit, () => refuse('The form has too many parts.'));
  const finished = once(busboy, 'finish');
  finished.catch(() => undefined);
  try {
    let bytes = 0;
    // Not destroyed when it is not read to the end: the refusal goes out over the same connection.
    for await (const chunk of raw.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limits.maxBytes) {
        throw new GatewayError('body_too_large', `The form is larger than ${limits.maxBytes} bytes.`);
      }
      if (!busboy.write(chunk)) await Promise.race([once(busboy, 'drain'), failed.promise]);
    }
    busboy.end();
    await Promise.race([finished, failed.promise]);
    return { texts, files: await Promise.race([Promise.all(files), failed.promise]) };
  } catch (error) {
    for (const stream of streams) stream.destroy();
    // Nothing may write into the folder any more when it is removed.
    await Promise.allSettled(files);
    throw error;
  }
}

/** The parser is loaded with the first form. */
async function openParser(
  { headers }: IncomingMessage,
  { maxFileBytes }: FormLimits,
): Promise<BusboyInstance> {
  const { Busboy } = await import('@fastify/busboy');
  try {
    return new Busboy({
      headers: { ...headers, 'content-type': headers['content-type'] ?? '' },
      // With or without a name: what is declared to be a picture or bytes is a file.
      isPartAFile: (_field, type = '', fileName) =>
        fileName !== undefined || /^(image\/|application\/octet-stream)/.test(type),
      limits: {
        fieldSize: maxTextBytes,
        fileSize: maxFileBytes,
        files: maxFiles,
        fields: maxTexts,
        parts: maxFiles + maxTexts,
        headerPairs: 100,
      },
    });
  } catch (cause) {
    throw malformed('The Content-Type of a form must name its boundary.', cause);
  }
}

async function save(
  stream: BusboyFileStream,
  field: string,
  fileName: string | undefined,
  path: string,
): Promise<FormFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(
    stream,
    async function* (source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(path, { flags: 'wx', mode: 0o600 }),
  );
  return {
    field,
    fileName,
    bytes,
    sha256: hash.digest('hex'),
    isTooLarge: stream.truncated,
    read: () => readFile(path),
  };
}

function malformed(message: string, cause?: unknown): GatewayError {
  return new GatewayError('invalid_value', message, { cause });
}

function asRefusal(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(ENOSPC|EDQUOT|EROFS|EIO)$/.test(code)) {
    return new GatewayError(
      'storage_unavailable',
      'This server has no room for the uploaded files now. Try again later.',
      { cause: error, details: code },
    );
  }
  return malformed('The body is not a whole multipart form.', error);
}

/** Whether the request says that its body is a multipart form. */
export function isForm({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return /^\s*multipart\/form-data\s*(;|$)/i.test(headers['content-type'] ?? '');
}
