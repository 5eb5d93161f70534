/**
 * The parts of undici that we use, each by its file: its front door loads fetch, WebSocket, caches and mocks besides,
 * which is 4 MB of an idle process.
 */
declare module 'undici/lib/dispatcher/pool.js' {
  import type { Pool } from 'undici';
  const pool: typeof Pool;
  export default pool;
}

declare module 'undici/lib/core/errors.js' {
  import type { errors as errorClasses } from 'undici';
  const errors: typeof errorClasses;
  export default errors;
}

declare module 'undici/lib/core/symbols.js' {
  const symbols: {
    /** What reads the answers on a socket (lib/dispatcher/client-h1.js); null when the socket is closed. */
    readonly kParser: unique symbol;
  };
  export default symbols;
}
