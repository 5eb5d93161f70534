import type { JSX } from 'preact';
import { ErrorBoundary, lazy, LocationProvider, Route, Router, useLocation } from 'preact-iso';
import { useEffect, useLayoutEffect, useState } from 'preact/hooks';
import { asApiError, type ApiError } from './api/errors.ts';
import { Failed, Loading } from './design/notice.tsx';
import { Toasts } from './design/toast.tsx';
import { Frame } from './frame.tsx';
import { ShownSecret } from './keys/shown-secret.tsx';
import { sessionState } from './session/session.ts';
import { openSession } from './session/sign-in.ts';
import { SignInScreen } from './sign-in/index.tsx';
import { useStore } from './store.ts';

// Each screen is a file of its own, fetched when it is first opened.
const CreateScreen = lazy(async () => (await import('./create/index.tsx')).CreateScreen);
const GalleryScreen = lazy(async () => (await import('./gallery/index.tsx')).GalleryScreen);
const ModelsScreen = lazy(async () => (await import('./models/index.tsx')).ModelsScreen);
const KeysScreen = lazy(async () => (await import('./keys/index.tsx')).KeysScreen);
const UsageScreen = lazy(async () => (await import('./usage/index.tsx')).UsageScreen);
const ActivityScreen = lazy(async () => (await import('./activity/index.tsx')).ActivityScreen);

/** Fetches the screen that most people come for while the session is still asked for. */
export function preloadScreen(): void {
  if (location.pathname === '/') void CreateScreen.preload();
}

/** Our own addresses; a link to a picture or to /docs is the browser's business. */
const ownAddresses = /^\/(?:(?:gallery|models|keys|usage|activity)(?:[/?].*)?|\?.*)?$/;

/**
 * The whole console. While a session has ended, the screens stay as they are, hidden behind the sign-in: nothing that
 * was typed is lost.
 */
export function App(): JSX.Element {
  const session = useStore(sessionState);
  switch (session.state) {
    case 'checking':
      return (
        <main>
          <Loading what="the console" />
        </main>
      );
    case 'unreachable':
      return (
        <main>
          <Failed error={session.error} onRetry={() => void openSession()} />
        </main>
      );
    case 'signed_out':
      return <SignInScreen problem={session.problem} />;
    case 'ended':
    case 'signed_in': {
      const hasEnded = session.state === 'ended';
      return (
        <>
          <div class="signed-in" hidden={hasEnded}>
            <LocationProvider scope={ownAddresses}>
              <Frame session={session.session}>
                {/* Another person or another acting key: what the screens hold is not theirs. */}
                <Screens key={`${session.session.role} ${session.session.acting_key.id}`} />
              </Frame>
            </LocationProvider>
          </div>
          {hasEnded && <SignInScreen hasEnded problem={session.problem} />}
          <ShownSecret />
          <Toasts />
        </>
      );
    }
  }
}

function Screens(): JSX.Element {
  const [error, setError] = useState<ApiError>();
  const [first, setFirst] = useState<'new' | 'loading' | 'shown'>('new');
  const { path } = useLocation();
  useEffect(() => setError(undefined), [path]);
  // A screen whose file is here already is there at once, and the router tells nothing of it.
  useLayoutEffect(() => setFirst((now) => (now === 'new' ? 'shown' : now)), []);
  if (error !== undefined) return <Failed error={error} onRetry={() => location.reload()} />;
  return (
    <ErrorBoundary onError={(thrown) => setError(asApiError(thrown))}>
      {first === 'loading' && <Loading what="this page" />}
      <Router
        onLoadStart={() => setFirst((now) => (now === 'new' ? 'loading' : now))}
        onLoadEnd={() => setFirst('shown')}
        onRouteChange={() => setFirst('shown')}
      >
        <Route path="/" component={CreateScreen} />
        <Route path="/gallery/:id?" component={GalleryScreen} />
        <Route path="/models" component={ModelsScreen} />
        <Route path="/keys" component={KeysScreen} />
        <Route path="/usage" component={UsageScreen} />
        <Route path="/activity" component={ActivityScreen} />
        <Route default component={CreateScreen} />
      </Router>
    </ErrorBoundary>
  );
}
