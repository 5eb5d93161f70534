import type { FastifyRequest } from 'fastify';
import { ownAddress } from '../own-address.ts';
import type { HttpTools } from '../tools.ts';
import { formQuery } from './copy-query.ts';
import { filePath, type LinkMaker } from './wire.ts';

/** Signed URLs for one reply, all good for the same time from now. URLs are never stored. */
export function makeLinks(
  request: FastifyRequest,
  tools: Pick<HttpTools, 'signer' | 'clock' | 'settings'>,
): LinkMaker {
  const base = ownAddress(request, tools.settings.publicUrl);
  const expiresAtMs = tools.clock.now() + tools.settings.urlTtlSeconds * 1000;
  return (imageId, image, form) =>
    `${base}${tools.signer.sign(filePath(imageId, image, form), expiresAtMs, formQuery(form))}`;
}
