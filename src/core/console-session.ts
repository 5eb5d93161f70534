import { hashSecret, makeToken } from './secrets.ts';

/** One browser that has signed in to the console. */
export interface ConsoleSession {
  /** Lower-case hex SHA-256 of the cookie: all that is kept of it. */
  idHash: string;
  /** admin: everything; key: what its API key may. */
  role: 'admin' | 'key';
  /** The API key it stands for under /v1, by internal id; undefined: the built-in one named `console`. */
  keyId: string | undefined;
  /** SHA-256 of the admin key or secret it was opened with: it ends when that is replaced. Undefined: a one-time link. */
  credentialHash: string | undefined;
  createdAtMs: number;
  lastUsedAtMs: number;
}

const hourMs = 60 * 60 * 1000;

/** A session ends when nobody has used it for so long, and at the latest so long after it was opened. */
export const sessionLifeMs = { idle: 12 * hourMs, whole: 7 * 24 * hourMs } as const;

/** When a session ends unless it is used again, ms since 1970. */
export function endOfSession({ createdAtMs, lastUsedAtMs }: ConsoleSession): number {
  return Math.min(lastUsedAtMs + sessionLifeMs.idle, createdAtMs + sessionLifeMs.whole);
}

/** A one-time link is good for this long. */
const linkLifeMs = 15 * 60 * 1000;

/**
 * Where sessions and one-time links live: on the disk, so that a restart signs nobody out and a command can make a
 * link beside a running gateway. Changes are durable when the promise resolves. Throws RecordStoreError.
 */
export interface SessionStore {
  /** Clears away those that have ended, and the longest unused where there are too many. */
  add(session: ConsoleSession): Promise<void>;
  /** Also one that has ended. */
  find(idHash: string): Promise<ConsoleSession | undefined>;
  change(idHash: string, change: Partial<Pick<ConsoleSession, 'keyId' | 'lastUsedAtMs'>>): Promise<void>;
  remove(idHash: string): Promise<void>;
  /** By the hash of its token. */
  addLink(tokenHash: string, expiresAtMs: number): Promise<void>;
  /** Uses a link up; false: there is no such link, not any more, or it is too old. */
  takeLink(tokenHash: string, nowMs: number): Promise<boolean>;
}

/**
 * A new one-time link for who reaches the server at `base`. The token stands behind the #: browsers send that to no
 * server, and so it is in no log of a proxy.
 */
export async function makeSignInLink(
  base: string,
  sessions: Pick<SessionStore, 'addLink'>,
  nowMs: number,
): Promise<string> {
  const token = makeToken();
  await sessions.addLink(hashSecret(token), nowMs + linkLifeMs);
  return `${base}/#sign-in=${token}`;
}
