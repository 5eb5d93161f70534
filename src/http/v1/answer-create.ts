import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { deliveredForm } from '../../core/image-copy.ts';
import type { GenerationRecord, StoredImage } from '../../core/record.ts';
import type { AcceptedRequest } from '../../generation/idempotency.ts';
import type { HttpTools } from '../tools.ts';
import { base64Reply } from './base64-reply.ts';
import { findRecord } from './images.ts';
import { makeLinks } from './links.ts';
import { prefersAsync } from './prefer.ts';
import { sendStream } from './send-stream.ts';
import { recordToWire, replyToWire } from './wire.ts';

/** A reply whose pictures make it no longer than this is one string: a stream costs several times its encoding. */
const maxStringLength = 64 * 1024;

/**
 * What a create request that was accepted is answered with: the images when they exist, events while they come, or
 * the record at once where the caller prefers that (public-api.md sections 4.4, 4.6 and 4.7). To be returned by the
 * route: awaiting a reply that was sent would watch its connection once more.
 */
export async function answerCreate(
  accepted: AcceptedRequest,
  { keyId, endpoint, isStream }: { keyId: string; endpoint: string; isStream: boolean },
  request: FastifyRequest,
  reply: FastifyReply,
  tools: HttpTools,
): Promise<unknown> {
  reply.header('x-image-id', accepted.generationId);
  if (accepted.replayed !== undefined) reply.header('idempotency-replayed', accepted.replayed);
  if (prefersAsync(request.headers))
    return await sendRecord(accepted.generationId, keyId, request, reply, tools);
  if (isStream) {
    const record = await findRecord(accepted.generationId, keyId, tools);
    const prefix = endpoint.endsWith('/edits') ? 'image_edit' : 'image_generation';
    return await sendStream({ accepted, record, prefix, link: makeLinks(request, tools) }, reply, tools);
  }
  const record = await accepted.outcome();
  sayServer(record, reply);
  return await sendImages(record, accepted.responseFormat, request, reply, tools);
}

/** Whatever the state is by now; the caller goes on asking for the record. */
async function sendRecord(
  id: string,
  keyId: string,
  request: FastifyRequest,
  reply: FastifyReply,
  tools: HttpTools,
): Promise<unknown> {
  const record = await findRecord(id, keyId, tools);
  sayServer(record, reply);
  applyPreference('respond-async', reply);
  reply.status(202).header('location', `/v1/images/${id}`);
  return recordToWire(record, makeLinks(request, tools));
}

/** Says that a preference was followed, beside others that were. */
export function applyPreference(preference: string, reply: FastifyReply): void {
  const others = reply.getHeader('preference-applied');
  reply.header('preference-applied', others === undefined ? preference : `${String(others)}, ${preference}`);
}

function sayServer(record: GenerationRecord, reply: FastifyReply): void {
  if (record.servedBy !== undefined) reply.header('x-served-by', record.servedBy);
}

async function sendImages(
  record: GenerationRecord,
  format: 'url' | 'b64_json',
  request: FastifyRequest,
  reply: FastifyReply,
  tools: HttpTools,
): Promise<unknown> {
  if (format === 'url') {
    const link = makeLinks(request, tools);
    const url = (image: StoredImage) => link(record.id, image, deliveredForm(record, image));
    return replyToWire(record, (image) => ({ url: url(image) }));
  }
  const { raw } = reply;
  const { length, chunks, whole, close } = await base64Reply(record, () => raw.writableLength, tools);
  const head = { 'content-type': 'application/json; charset=utf-8', 'content-length': String(length) };
  if (length <= maxStringLength) {
    const text = await whole();
    reply.headers(head);
    return text;
  }
  // Only then the last of it has been sent, or never will be.
  if (raw.closed) await close();
  else raw.once('close', () => void close());
  reply.headers(head);
  return Readable.from(chunks);
}
