import { GatewayError } from '../core/errors.ts';
import { decodeContent } from './content-encoding.ts';
import type { Resolve } from './public-web.ts';
import { createPublicWeb } from './public-web.ts';
import { withTimeLimit } from './time-limit.ts';

export interface FetchPublicOptions {
  maxBytes: number;
  signal: AbortSignal;
  /** For everything together, redirects included. Default 10 s. */
  timeoutMs?: number;
  /** Default 3. */
  maxRedirects?: number;
  /** http:// besides https://. Default false. */
  allowHttp?: boolean;
  /** Origins that may be reached wherever they are. Default none. */
  allowedOrigins?: readonly string[];
  /** Default `image/*`. */
  accept?: string;
  /** Default: the system's resolver. */
  resolve?: Resolve;
}

/**
 * The bytes at an address that a caller gave (public-api.md section 4.3). Connections are not kept: callers'
 * hosts seldom repeat.
 *
 * Throws GatewayError `image_fetch_failed` with one and the same message whatever was found, so that it tells
 * nothing about networks the caller cannot see; what it was is in `details`. When the signal ends it: its reason.
 */
export async function fetchPublic(address: string, options: FetchPublicOptions): Promise<Uint8Array> {
  const { signal, maxBytes, timeoutMs = 10_000 } = options;
  const web = createPublicWeb({
    connectTimeoutMs: timeoutMs,
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
  });
  try {
    return await withTimeLimit(timeoutMs, signal, async (limited) => {
      const opened = await web.open(address, {
        allowedOrigins: options.allowedOrigins ?? [],
        allowHttp: options.allowHttp ?? false,
        maxRedirects: options.maxRedirects ?? 3,
        accept: options.accept ?? 'image/*',
        headersTimeoutMs: timeoutMs,
        idleTimeoutMs: timeoutMs,
        signal: limited,
      });
      if (opened.kind === 'refused') throw new Error(opened.details);
      const { incoming } = opened;
      if (incoming.status !== 200) throw new Error(`status ${incoming.status}`);
      if (Number(incoming.headers['content-length'] ?? 0) > maxBytes) throw new Error('too large');
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of decodeContent(incoming)) {
        bytes += chunk.length;
        if (bytes > maxBytes) throw new Error('too large');
        chunks.push(chunk);
      }
      return Buffer.concat(chunks);
    });
  } catch (error) {
    signal.throwIfAborted();
    throw new GatewayError(
      'image_fetch_failed',
      'The image at this URL could not be fetched. It must be a public https address that answers in time with an image that is not too large.',
      { details: error instanceof Error ? error.message : String(error), cause: error },
    );
  } finally {
    await web.close();
  }
}
