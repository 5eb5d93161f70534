import type { FastifyRequest } from 'fastify';
import type { OwnAddress } from './tools.ts';

/**
 * The address to build links on: EASEL_PUBLIC_URL, else the request's own scheme and Host, so that a link has
 * the origin the client already talks to (clients refuse foreign loopback origins). X-Forwarded-* count only
 * where EASEL_TRUST_PROXY says so; Fastify sees to that.
 */
export function ownAddress(request: FastifyRequest, publicUrl: string | undefined): OwnAddress {
  if (publicUrl !== undefined) return publicUrl;
  const host = /^[\w.:[\]-]{1,255}$/.test(request.host) ? request.host : listenHost(request);
  // A proxy's word is taken, nonsense is not.
  const scheme = request.protocol === 'https' ? 'https' : 'http';
  return `${scheme}://${host}`;
}

/** Without a usable Host header (HTTP/1.0): the address the connection came in on. */
function listenHost(request: FastifyRequest): string {
  const { localAddress = '127.0.0.1', localPort } = request.socket;
  const name = localAddress.includes(':') ? `[${localAddress}]` : localAddress;
  return localPort === undefined ? name : `${name}:${localPort}`;
}
