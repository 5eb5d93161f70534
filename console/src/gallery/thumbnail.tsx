import type { JSX } from 'preact';
import { ownLink } from '../api/own-link.ts';
import { Icon } from '../design/icon.tsx';
import { useAttempts } from './use-attempts.ts';

const waitsMs = [0, 2000, 4000, 8000, 16_000];

/** One small picture, only ever in an `<img>`: whatever the bytes are, they run nothing. `onBroken` renews its link. */
export function Thumbnail(props: {
  url: string;
  alt: string;
  onBroken: () => Promise<void> | void;
}): JSX.Element {
  const { url, alt, onBroken } = props;
  const { state, attempt, onError } = useAttempts(onBroken, waitsMs);
  switch (state) {
    case 'over':
      return (
        <span class="thumbnail-broken" title="This picture cannot be shown.">
          <Icon name="alert" />
        </span>
      );
    case 'waiting':
      return <span class="thumbnail-waits" />;
    case 'asking':
      return (
        <img
          key={attempt}
          class="thumbnail"
          src={ownLink(url)}
          alt={alt}
          decoding="async"
          draggable={false}
          onError={onError}
        />
      );
  }
}
