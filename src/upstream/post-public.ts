import { createPublicWeb, type Resolve } from './public-web.ts';
import { withTimeLimit } from './time-limit.ts';

export interface PublicPoster {
  /**
   * POSTs JSON to an address that a caller gave: public hosts only, redirects not followed, the answer's body not
   * read. Gives the status, or why there is none. Throws only when the signal ends it.
   */
  post(
    url: string,
    body: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<{ status: number } | { failed: string }>;
  close(): Promise<void>;
}

/** `timeoutMs` is for everything together: name, connection, sending, the answer's status. */
export function createPublicPoster(options: {
  timeoutMs: number;
  /** Origins that may be reached wherever they are, over http too. */
  allowedOrigins: readonly string[];
  /** Default: the system's resolver. */
  resolve?: Resolve;
}): PublicPoster {
  const { timeoutMs, allowedOrigins, resolve } = options;
  const web = createPublicWeb({
    connectTimeoutMs: timeoutMs,
    ...(resolve === undefined ? {} : { resolve }),
  });
  return {
    async post(url, body, headers, signal) {
      try {
        return await withTimeLimit(timeoutMs, signal, async (limited) => {
          const opened = await web.open(url, {
            post: { body, headers: { 'content-type': 'application/json', ...headers } },
            allowedOrigins,
            allowHttp: false,
            maxRedirects: 0,
            accept: '*/*',
            headersTimeoutMs: timeoutMs,
            idleTimeoutMs: timeoutMs,
            signal: limited,
          });
          if (opened.kind === 'refused') return { failed: opened.details };
          opened.incoming.cancel();
          return { status: opened.incoming.status };
        });
      } catch (error) {
        signal.throwIfAborted();
        return { failed: error instanceof Error ? error.message : String(error) };
      }
    },
    close: () => web.close(),
  };
}
