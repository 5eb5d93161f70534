import type { FastifyReply, FastifyRequest } from 'fastify';
import { isId } from '../../core/ids.ts';
import type { PictureForm } from '../../core/image-copy.ts';
import { mimeTypes } from '../../core/image-format.ts';
import type { StoredImage } from '../../core/record.ts';
import type { RoutesOf } from '../openapi/operation.ts';
import { streamOf } from '../stream-of.ts';
import type { HttpTools } from '../tools.ts';
import type { fileOperations } from './files-operations.ts';
import { readLinkForm } from './copy-query.ts';
import { noSuchImage, queryOf } from './images.ts';
import { filePath } from './wire.ts';

/**
 * GET /v1/files/{image_id}/{index}.{ext}: signed downloads, no key needed (public-api.md section 8). Refused in
 * this order: wrong signature, expired, gone. A client that leaves is normal.
 */
export function fileRoutes(tools: HttpTools): RoutesOf<typeof fileOperations> {
  return {
    '/v1/files/:image_id/:file': {
      GET: async (request, reply) => {
        const path = request.url.split('?', 1)[0] ?? '';
        const leftSeconds = tools.signer.check(path, queryOf(request.url));
        const file = await findFile(path, queryOf(request.url), tools);
        if (file === undefined) throw noSuchImage();
        return await sendFile(file, leftSeconds, request, reply, tools);
      },
    },
  };
}

/**
 * The bytes behind a link of this server, or undefined for every other URL and for links that are not good any more.
 * By whatever name the server was reached when it gave the link: the signature alone makes it ours.
 */
export async function readSignedFile(
  url: string,
  tools: Pick<HttpTools, 'records' | 'pictures' | 'signer'>,
): Promise<Uint8Array | undefined> {
  const { pathname = '', searchParams = new URLSearchParams() } = URL.parse(url) ?? {};
  const path = pathname.slice(Math.max(0, pathname.lastIndexOf('/v1/files/')));
  const file = tools.signer.isGood(path, searchParams)
    ? await findFile(path, searchParams, tools)
    : undefined;
  if (file === undefined) return undefined;
  const { reader } = await tools.pictures.open(file.imageId, file.image, file.form);
  try {
    return await reader.readAt(0, reader.bytes);
  } finally {
    await reader.close();
  }
}

/** What a link leads to. */
interface LinkedFile {
  imageId: string;
  image: StoredImage;
  form: PictureForm;
}

/** The file under a path and query of ours, or undefined. The signature is the caller's to check. */
async function findFile(
  path: string,
  query: URLSearchParams,
  tools: Pick<HttpTools, 'records'>,
): Promise<LinkedFile | undefined> {
  const match = /^\/v1\/files\/(img_[0-9A-Z]{26})\/(\d{1,6})\.[a-z0-9]{2,5}$/.exec(path);
  const [, imageId = '', index = ''] = match ?? [];
  if (!isId('img', imageId)) return undefined;
  const form = readLinkForm(query);
  const record = await tools.records.get(imageId, undefined);
  const image = record?.images.find((image) => image.index === Number(index));
  return image !== undefined && filePath(imageId, image, form) === path
    ? { imageId, image, form }
    : undefined;
}

async function sendFile(
  { imageId, image, form }: LinkedFile,
  leftSeconds: number,
  request: FastifyRequest,
  reply: FastifyReply,
  tools: HttpTools,
): Promise<FastifyReply> {
  const etag = tools.pictures.etagOf(image, form);
  const isKnown = matchesEtag(request.headers['if-none-match'], etag);
  // Opened before anything is said about it: a failure must not be kept by anybody for as long as the link is good.
  const file = isKnown ? undefined : await tools.pictures.open(imageId, image, form);
  reply
    .header('etag', etag)
    .header('cache-control', `private, max-age=${leftSeconds}`)
    .header('x-content-type-options', 'nosniff')
    .header('content-security-policy', "sandbox; default-src 'none'")
    .header('content-disposition', 'inline')
    .header('accept-ranges', 'bytes');
  if (file === undefined) return await reply.status(304).send();
  const { format, reader } = file;
  // A range is a matter of GET alone (RFC 9110 section 14.2).
  const isRanged =
    request.method === 'GET' &&
    (request.headers['if-range'] === undefined || request.headers['if-range'] === etag);
  const range = isRanged ? readRange(request.headers.range, reader.bytes) : undefined;
  if (range === 'unsatisfiable') {
    await reader.close();
    reply.header('content-range', `bytes */${reader.bytes}`);
    return await reply.status(416).send();
  }
  reply.type(mimeTypes[format]).header('content-length', String(range?.length ?? reader.bytes));
  if (range !== undefined)
    reply
      .status(206)
      .header('content-range', `bytes ${range.offset}-${range.offset + range.length - 1}/${reader.bytes}`);
  if (request.method === 'HEAD') {
    await reader.close();
    return await reply.send();
  }
  return await reply.send(streamOf(reader.stream(range), () => reader.close()));
}

function matchesEtag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((part) => part.trim() === '*' || part.trim().replace(/^W\//, '') === etag);
}

/** One range of bytes; several at once, or a form we do not know, count as none asked (RFC 9110 section 14.2). */
function readRange(
  header: string | undefined,
  bytes: number,
): { offset: number; length: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '') {
    const length = Math.min(Number(last), bytes);
    return length === 0 ? 'unsatisfiable' : { offset: bytes - length, length };
  }
  const offset = Number(first);
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (offset >= bytes) return 'unsatisfiable';
  return end < offset ? undefined : { offset, length: end - offset + 1 };
}
