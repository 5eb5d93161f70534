import type { FastifyReply, FastifyRequest } from 'fastify';
import { GatewayError } from '../../core/errors.ts';
import type { RouteTable } from '../server.ts';
import type { Coding, ConsoleFile, ConsoleFiles } from './console-files.ts';

/** The addresses of the console's screens: all of them are the one page. */
const screens = ['/', '/gallery', '/gallery/:id', '/models', '/keys', '/usage', '/activity'];

/** The console at `/`. Files are handed in; undefined: it has not been built. */
export function consoleRoutes(
  files: ConsoleFiles | undefined,
  { publicUrl }: { publicUrl: string | undefined },
): RouteTable {
  const policy = policyFor(publicUrl);
  const page = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    reply.header('content-security-policy', policy).header('cross-origin-opener-policy', 'same-origin');
    if (files === undefined) return await sendNotBuilt(reply);
    // Asked for anew each time: it names the other files, whose names change with their content.
    return await sendFile(files.page, 'no-cache', request, reply);
  };
  return {
    ...Object.fromEntries(screens.map((address) => [address, { GET: page }])),
    '/assets/:file': {
      GET: async (request, reply) => {
        const name = request.url.split('?', 1)[0]?.slice('/assets/'.length) ?? '';
        const file = files?.assets.get(name);
        if (file === undefined) throw new GatewayError('not_found', 'There is no such file.');
        reply.header('content-security-policy', policy);
        return await sendFile(file, 'public, max-age=31536000, immutable', request, reply);
      },
    },
  };
}

/**
 * Nothing inline and nothing from elsewhere, but pictures by links that name this server's public address. A page that
 * a prompt or an image could write into still runs no script.
 */
function policyFor(publicUrl: string | undefined): string {
  const pictures = publicUrl === undefined ? '' : ` ${new URL(publicUrl).origin}`;
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' blob: data:${pictures}`,
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

async function sendFile(
  file: ConsoleFile,
  caching: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  reply
    .type(file.type)
    .header('cache-control', caching)
    .header('etag', file.etag)
    .header('vary', 'accept-encoding')
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer');
  // A proxy that packs what it passes on may have made the tag a weak one.
  if (request.headers['if-none-match']?.replace(/^W\//, '') === file.etag)
    return await reply.status(304).send();
  const coding = codingFor(request.headers['accept-encoding'] ?? '');
  const packed = coding === undefined ? undefined : await file.packed(coding);
  if (coding === undefined || packed === undefined) return await reply.send(file.bytes);
  return await reply.header('content-encoding', coding).send(packed);
}

/** The smallest that the client takes; one with `q=0` it does not. */
function codingFor(accepted: string): Coding | undefined {
  const named = accepted
    .toLowerCase()
    .split(',')
    .map((part) => part.trim())
    .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
    .map((part) => part.split(';', 1)[0]?.trim());
  return (['br', 'gzip'] as const).find((coding) => named.includes(coding));
}

async function sendNotBuilt(reply: FastifyReply): Promise<FastifyReply> {
  return await reply
    .status(503)
    .type('text/plain; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    .send(
      'The console of this Easel has not been built, so there is nothing to see here; the API under /v1 works.\n' +
        'Build it where Easel is installed, and start Easel again:\n\n  npm run console:build\n',
    );
}
