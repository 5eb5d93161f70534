import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { asApiError } from '../api/errors.ts';
import { Button } from '../design/button.tsx';
import { TextField } from '../design/field.tsx';
import { Brand } from '../frame.tsx';
import { setSession } from '../session/session.ts';
import { signIn } from '../session/sign-in.ts';
import './sign-in.css';

interface SignInProps {
  /** Somebody was signed in, and the page waits behind this. */
  hasEnded?: boolean;
  /** Why a one-time link did not sign in. */
  problem?: string | undefined;
}

/** One field for the admin key or an API key. */
export function SignInScreen({ hasEnded, problem: before }: SignInProps): JSX.Element {
  const [key, setKey] = useState('');
  const [problem, setProblem] = useState<string | null>(before ?? null);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    if (before !== undefined) setProblem(before);
  }, [before]);

  const submit = async (): Promise<void> => {
    const typed = key.trim();
    if (typed === '') {
      setProblem('Paste the admin key or an API key.');
      return;
    }
    setBusy(true);
    setProblem(null);
    try {
      setSession(await signIn({ key: typed }));
    } catch (thrown) {
      const error = asApiError(thrown);
      setProblem(
        error.status === 401
          ? 'This key is not known here, or it has been deleted or has expired.'
          : error.message,
      );
      setBusy(false);
    }
  };

  return (
    <main class="sign-in">
      <form
        class="sign-in-card"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div class="brand">
          <Brand />
          Easel
        </div>
        <h1>{hasEnded ? 'Sign in again' : 'Sign in'}</h1>
        {hasEnded && <p role="status">Your session has ended. Your prompt and settings are still here.</p>}
        <TextField
          label="Admin key or API key"
          hint="The admin key opens everything; an API key opens what was made with it."
          error={problem}
          type="password"
          name="key"
          autoComplete="current-password"
          spellcheck={false}
          autoFocus
          value={key}
          onValue={setKey}
        />
        <Button kind="primary" type="submit" disabled={isBusy}>
          {isBusy ? 'Signing in…' : 'Sign in'}
        </Button>
        <p class="field-hint">
          No key at hand? <code>npm start</code> prints a link that signs you in once, and{' '}
          <code>npm run easel -- sign-in-link</code> prints another.
        </p>
      </form>
    </main>
  );
}
