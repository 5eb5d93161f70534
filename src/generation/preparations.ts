import type { CreateRequest } from './idempotency.ts';

/** Requests that are being checked and are not yet accepted: a repeat must not overtake the one it repeats. */
export interface Preparations {
  /** Waits until no request is ahead that this one may repeat; what it returns is called when it is accepted or refused. */
  enter(request: CreateRequest): Promise<() => void>;
}

interface Preparation {
  request: CreateRequest;
  ended: Promise<void>;
}

/** Within this process; between processes the database decides (core/idempotency.ts). */
export function makePreparations(): Preparations {
  const byName = new Map<string, Set<Preparation>>();
  return {
    async enter(request) {
      const name = nameOf(request);
      for (;;) {
        const ahead = [...(byName.get(name) ?? [])].find((other) => mayRepeat(request, other.request));
        if (ahead === undefined) break;
        await ahead.ended;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      const own: Preparation = { request, ended: promise };
      const all = byName.get(name) ?? new Set();
      byName.set(name, all.add(own));
      return () => {
        all.delete(own);
        if (all.size === 0) byName.delete(name);
        resolve();
      };
    },
  };
}

function nameOf({ keyId, endpoint, idempotencyKey, bodyHash }: CreateRequest): string {
  return JSON.stringify(
    idempotencyKey === undefined ? [keyId, endpoint, bodyHash] : [keyId, endpoint, 'key', idempotencyKey],
  );
}

/** Without a key only a retry, or a request after one that was given up, can be a repeat: the rest are not held up. */
function mayRepeat(request: CreateRequest, earlier: CreateRequest): boolean {
  return request.idempotencyKey !== undefined || request.isRetry || earlier.caller.hasHungUp();
}
