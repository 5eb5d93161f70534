import type { ComponentChildren, JSX } from 'preact';
import { useLocation } from 'preact-iso';
import type { Session } from '../../src/http/admin/wire.ts';
import { asApiError } from './api/errors.ts';
import { Button } from './design/button.tsx';
import { Icon, type IconName } from './design/icon.tsx';
import { Tag } from './design/tag.tsx';
import { theme, type Theme } from './design/theme.ts';
import { showToast } from './design/toast.tsx';
import { ActingKeyPicker } from './session/acting-key.tsx';
import { signOut } from './session/sign-in.ts';
import { useStore } from './store.ts';

const places: readonly { path: string; title: string; icon: IconName; adminOnly?: boolean }[] = [
  { path: '/', title: 'Create', icon: 'create' },
  { path: '/gallery', title: 'Gallery', icon: 'gallery' },
  { path: '/models', title: 'Models', icon: 'models' },
  { path: '/keys', title: 'Keys', icon: 'key', adminOnly: true },
  { path: '/usage', title: 'Usage', icon: 'usage' },
  { path: '/activity', title: 'Activity', icon: 'activity', adminOnly: true },
];

/** The links to every screen, who is signed in, and the screen itself. */
export function Frame({ session, children }: { session: Session; children: ComponentChildren }): JSX.Element {
  const { path } = useLocation();
  const isAdmin = session.role === 'admin';
  return (
    <div class="frame">
      <a class="skip-link" href="#main">
        Skip to the page
      </a>
      <header class="frame-head">
        <div class="frame-brand">
          <a class="brand" href="/">
            <Brand />
            Easel
          </a>
          {session.sandbox && (
            <Tag tone="warn" title="Some models are drawn by a simulator; nothing is billed for them.">
              sandbox
            </Tag>
          )}
        </div>
        <nav class="nav" aria-label="Screens">
          {places
            .filter(({ adminOnly }) => isAdmin || adminOnly !== true)
            .map((place) => (
              <a
                key={place.path}
                class="nav-link"
                href={place.path}
                aria-current={isAt(path, place.path) ? 'page' : undefined}
              >
                <Icon name={place.icon} />
                {place.title}
              </a>
            ))}
        </nav>
        <div class="frame-foot">
          {isAdmin ? (
            <ActingKeyPicker actingKey={session.acting_key} />
          ) : (
            <span class="frame-key foreign-text" dir="auto" title="The key you signed in with">
              {session.acting_key.name}
            </span>
          )}
          <div class="frame-buttons">
            <ThemeButton />
            <Button
              kind="quiet"
              size="small"
              icon="out"
              onClick={() => {
                signOut().catch((error: unknown) => showToast(asApiError(error).message));
              }}
            >
              Sign out
            </Button>
          </div>
        </div>
      </header>
      <main id="main" class="frame-main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

/** Unknown addresses show Create. */
function isAt(path: string, place: string): boolean {
  if (place !== '/') return path === place || path.startsWith(`${place}/`);
  return !places.some((other) => other.path !== '/' && isAt(path, other.path));
}

const themes: Record<Theme, { next: Theme; icon: IconName; label: string }> = {
  system: { next: 'light', icon: 'system', label: 'Colours: as the system' },
  light: { next: 'dark', icon: 'sun', label: 'Colours: light' },
  dark: { next: 'system', icon: 'moon', label: 'Colours: dark' },
};

function ThemeButton(): JSX.Element {
  const { next, icon, label } = themes[useStore(theme)];
  return <Button kind="quiet" size="small" icon={icon} label={label} onClick={() => theme.set(next)} />;
}

/** The mark of the console: an easel. */
export function Brand(): JSX.Element {
  return (
    <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M8 8h16v11H8zM16 8V5M12 19l-3 8M20 19l3 8M16 19v5" />
    </svg>
  );
}
