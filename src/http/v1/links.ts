import type { FastifyRequest } from 'fastify';
import { ownAddress } from '../own-address.ts';
import type { HttpTools } from '../tools.ts';
import { formQuery } from './copy-query.ts';
import { filePath, type LinkMaker } from './wire.ts';

type LinkTools = Pick<HttpTools, 'signer' | 'clock'> & {
  settings: Pick<HttpTools['settings'], 'publicUrl' | 'urlTtlSeconds'>;
};

/** Signed URLs for one reply, all good for the same time from now. URLs are never stored. */
export function makeLinks(request: FastifyRequest, tools: LinkTools): LinkMaker {
  return makeLinksOn(ownAddress(request, tools.settings.publicUrl), tools);
}

/** The same for what is no reply: on an address of this server, without a trailing slash. */
export function makeLinksOn(base: string, tools: LinkTools): LinkMaker {
  const expiresAtMs = tools.clock.now() + tools.settings.urlTtlSeconds * 1000;
  return (imageId, image, form) =>
    `${base}${tools.signer.sign(filePath(imageId, image, form), expiresAtMs, formQuery(form))}`;
}
