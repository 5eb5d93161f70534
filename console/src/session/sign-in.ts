import type { ActingKeyChoice, Session, SignIn } from '../../../src/http/admin/wire.ts';
import { ask } from '../api/client.ts';
import { asApiError } from '../api/errors.ts';
import { showToast } from '../design/toast.tsx';
import { csrfToken, currentSession, sessionState, setSession } from './session.ts';

/** At the page's start, and when a link is pasted into an open page: signs in with the one-time link of the address, or asks who is signed in. */
export async function openSession(): Promise<void> {
  const link = takeLink();
  let problem: string | undefined;
  try {
    if (link !== undefined) {
      try {
        return setSession(await signIn({ link }));
      } catch (thrown) {
        // Somebody may be signed in here all the same.
        problem = asApiError(thrown).message;
      }
    }
    setSession(await askSession());
  } catch (thrown) {
    const error = asApiError(thrown);
    const session = currentSession();
    if (error.status !== 401 && session !== undefined) {
      showToast(error.message);
      return;
    }
    if (error.status !== 401) return sessionState.set({ state: 'unreachable', error });
    const why = problem === undefined ? {} : { problem };
    sessionState.set(
      session === undefined ? { state: 'signed_out', ...why } : { state: 'ended', session, ...why },
    );
  }
}

function askSession(): Promise<Session> {
  return ask<Session>('GET', '/admin/session');
}

/** Throws ApiError: 401 for a key or link that is not good, 429 after too many of them. */
export async function signIn(by: SignIn): Promise<Session> {
  return await ask<Session>('POST', '/admin/session', { body: by });
}

/** Throws ApiError. */
export async function signOut(): Promise<void> {
  await ask<undefined>('DELETE', '/admin/session').catch((thrown: unknown) => {
    // Who was signed out already is where they wanted to be.
    if (asApiError(thrown).status !== 401) throw thrown;
  });
  sessionState.set({ state: 'signed_out' });
  tellOtherTabs();
}

/** For an admin: whom /v1 takes this session for from now on. Throws ApiError. */
export async function actAs(keyId: string): Promise<void> {
  const body: ActingKeyChoice = { key_id: keyId };
  setSession(await ask<Session>('PUT', '/admin/session/acting-key', { body }));
  tellOtherTabs();
}

/** What was done to the session is told to the pages that share its cookie: none shows another key than it acts as. */
const otherTabs = new BroadcastChannel('easel session');

function tellOtherTabs(): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has none: it is this origin's alone
  otherTabs.postMessage('changed');
}

export function followOtherTabs(): void {
  otherTabs.addEventListener('message', () => void takeChange());
}

async function takeChange(): Promise<void> {
  if (sessionState.get().state !== 'signed_in') return;
  try {
    const session = await askSession();
    // Whoever has signed in anew is met at the next request that changes something.
    if (session.csrf_token === csrfToken()) setSession(session);
  } catch {
    // 401 has opened the sign-in screen; anything else the next request tells.
  }
}

/** A browser does not load a page anew where only the part behind # differs. */
export function followPastedLinks(): void {
  addEventListener('hashchange', () => {
    if (linkForm.test(location.hash)) void openSession();
  });
}

const linkForm = /^#sign-in=(.+)$/;

/** The secret leaves the address at once, so that no history keeps it. */
function takeLink(): string | undefined {
  const found = linkForm.exec(location.hash)?.[1];
  if (found !== undefined) history.replaceState(null, '', location.pathname + location.search);
  return found;
}
