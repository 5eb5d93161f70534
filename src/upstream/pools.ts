import type { LookupFunction } from 'node:net';
import type { Pool } from 'undici';
import UndiciPool from 'undici/lib/dispatcher/pool.js';
import { readIntoOneBuffer } from './one-buffer.ts';

/** Connections to the outside, kept per origin. */
export interface Pools {
  /** The pool of this origin, made on first use. */
  get(origin: string): Pool;
  /** Ends every connection at once, with whatever still runs on it. */
  close(): Promise<void>;
}

export interface PoolOptions {
  /** Connections per origin at once; further requests wait. */
  connections: number;
  connectTimeoutMs: number;
  /** Decides which addresses a host name stands for; it is what the connection is made to. */
  lookup?: LookupFunction;
  /** A pool nobody used for this long is dropped. Default 5 minutes. */
  idleMs?: number;
  /** With more pools than this the longest unused idle ones are dropped. Default 100. */
  maxOrigins?: number;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/**
 * HTTP/1.1 without pipelining, so that it is exactly known what was written (send.ts). Unused connections are
 * closed after 4 s, or earlier where the server announces it: a request sent on a connection that the server
 * just then closes has an unknown outcome.
 */
export function createPools(options: PoolOptions): Pools {
  const { idleMs = 300_000, maxOrigins = 100, now = Date.now } = options;
  /** In order of last use. */
  const pools = new Map<string, { pool: Pool; usedAtMs: number }>();
  let isClosed = false;

  function dropIdle(): void {
    for (const [origin, { pool, usedAtMs }] of pools) {
      const isDue = now() - usedAtMs > idleMs || pools.size > maxOrigins;
      if (!isDue) return;
      if (pool.stats.size > 0) continue;
      pools.delete(origin);
      pool.destroy().catch(() => {});
    }
  }

  return {
    get(origin) {
      const known = pools.get(origin);
      const pool = known?.pool ?? new UndiciPool(origin, poolOptions(options));
      pools.delete(origin);
      pools.set(origin, { pool, usedAtMs: now() });
      dropIdle();
      // A destroyed pool refuses what is sent to it, which is what a late caller should see.
      if (isClosed) pool.destroy().catch(() => {});
      return pool;
    },
    async close() {
      isClosed = true;
      await Promise.all([...pools.values()].map(({ pool }) => pool.destroy()));
    },
  };
}

function poolOptions(options: PoolOptions): Pool.Options {
  return {
    connections: options.connections,
    pipelining: 1,
    allowH2: false,
    // The parser that one-buffer.ts knows, whatever the environment says.
    useMilo: false,
    keepAliveTimeout: 4000,
    keepAliveMaxTimeout: 60_000,
    connect: {
      timeout: options.connectTimeoutMs,
      onread: readIntoOneBuffer,
      ...(options.lookup === undefined ? {} : { lookup: options.lookup }),
    },
  };
}
