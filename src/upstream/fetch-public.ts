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
 * What went wrong is in the message of the error thrown, for the log: a caller must not be told what was found in
 * networks that are not the caller's. When the signal ends it: its reason.
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
        chunks.push(new Uint8Array(chunk));
      }
      return Buffer.concat(chunks);
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await web.close();
  }
}
