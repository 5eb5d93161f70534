import type { Session } from '../../../src/http/admin/wire.ts';
import type { ApiError } from '../api/errors.ts';
import { createStore } from '../store.ts';

/** Who is signed in. `ended`: the server no longer knows the session; the screens stay as they are behind the sign-in. */
export type SessionState =
  | { state: 'checking' }
  | { state: 'unreachable'; error: ApiError }
  /** `problem`: why a one-time link did not sign in. */
  | { state: 'signed_out'; problem?: string }
  | { state: 'ended'; session: Session; problem?: string }
  | { state: 'signed_in'; session: Session };

export const sessionState = createStore<SessionState>({ state: 'checking' });

/** How often somebody signed in or changed the acting key: what was fetched before belongs to another. */
export const sessionCount = createStore(0);

export function setSession(session: Session): void {
  sessionState.set({ state: 'signed_in', session });
  sessionCount.set(sessionCount.get() + 1);
}

/** The same person has signed in anew in another tab: what the screens hold stays theirs. False: it is somebody else. */
export function renewSession(session: Session): boolean {
  const now = sessionState.get();
  if (now.state !== 'signed_in') return false;
  const { role, acting_key: key } = now.session;
  if (role !== session.role || key.id !== session.acting_key.id) return false;
  sessionState.set({ state: 'signed_in', session });
  return true;
}

/** The session, also while a new sign-in is awaited; undefined when nobody is signed in. */
export function currentSession(): Session | undefined {
  const now = sessionState.get();
  return now.state === 'signed_in' || now.state === 'ended' ? now.session : undefined;
}

export function csrfToken(): string | undefined {
  return currentSession()?.csrf_token;
}

/** The server answered 401. */
export function sessionEnded(): void {
  const now = sessionState.get();
  if (now.state === 'signed_in') sessionState.set({ state: 'ended', session: now.session });
}
