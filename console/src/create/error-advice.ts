import { formatDuration } from '../design/figures.tsx';
import type { FailureFacts } from './run.ts';

/** What to do about a failure besides reading its message; `place` is the screen where it is done or seen. */
export interface Advice {
  text: string;
  place?: { path: string; title: string };
}

const keysPlace = { path: '/keys', title: 'Keys' };
const modelsPlace = { path: '/models', title: 'Models' };
const galleryPlace = { path: '/gallery', title: 'Gallery' };

const tryLater = 'Nothing was made or charged. Try again in a moment.';
const tryOther = 'Nothing was charged. Try again, or choose another model.';
const mayCome = {
  text: 'It may have been charged. If the picture still comes, it is in the gallery:',
  place: galleryPlace,
};

const byReason: Readonly<Partial<Record<FailureFacts['reason'], Advice>>> = {
  insufficient_balance: { text: 'Raise the budget of this key, or act as another one.', place: keysPlace },
  api_key_frozen: { text: 'An admin can unfreeze this key.', place: keysPlace },
  model_access_denied: { text: 'Choose another model, or allow this one for the key.', place: keysPlace },
  content_policy: {
    text: 'Say it in other words, or try another model: each provider has rules of its own.',
  },
  queue_full: { text: tryLater },
  draining: { text: tryLater },
  model_unavailable: {
    text: 'Choose another model; why this one cannot be served stands there:',
    place: modelsPlace,
  },
  upstream_auth: {
    text: "The provider refuses this server's credential. It has to be set anew:",
    place: modelsPlace,
  },
  upstream_billing: { text: "This server's account at the provider is used up:", place: modelsPlace },
  upstream_unavailable: { text: tryOther },
  generation_failed: { text: tryOther },
  outcome_unknown: mayCome,
  upstream_bad_reply: mayCome,
  generation_timeout: mayCome,
  image_fetch_failed: {
    text: 'Open the address in a private window to see whether it is public, or upload the file.',
  },
  invalid_image: { text: 'PNG, JPEG, WebP, GIF, AVIF, TIFF and BMP are taken, up to 20 MB.' },
  asset_not_found: { text: 'Remove the input image and add it again.' },
  storage_unavailable: {
    text: 'The disk of this server is full or cannot be written. Nothing was made or charged.',
  },
};

/** What somebody without the screens of an admin can do. */
const forKeys: typeof byReason = {
  insufficient_balance: { text: 'Ask whoever runs this server to raise the budget of your key.' },
  api_key_frozen: { text: 'Ask whoever runs this server to unfreeze your key.' },
  model_access_denied: { text: 'Choose another model, or ask whoever runs this server to allow this one.' },
  model_unavailable: { text: 'Choose another model, or try again later.' },
  upstream_auth: { text: 'Tell whoever runs this server: its credential at the provider is refused.' },
  upstream_billing: { text: 'Tell whoever runs this server: its account at the provider is used up.' },
};

/** undefined: the message itself says what to do. */
export function adviceFor({ reason, retryAfterMs }: FailureFacts, role: 'admin' | 'key'): Advice | undefined {
  if (reason === 'rate_limited' || reason === 'upstream_throttled') {
    const wait = retryAfterMs === null ? 'a moment' : formatDuration(retryAfterMs);
    return { text: `Wait ${wait} and try again, or choose another model.` };
  }
  return (role === 'key' ? forKeys[reason] : undefined) ?? byReason[reason];
}
