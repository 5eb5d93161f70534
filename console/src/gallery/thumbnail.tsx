import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ownLink } from '../api/own-link.ts';
import { Icon } from '../design/icon.tsx';

/**
 * One small picture, only ever in an `<img>`: whatever the bytes are, they run nothing. A link that does not work (it may
 * be over) is told to `onBroken` once; when the next one does not either, that is shown.
 */
export function Thumbnail({
  url,
  alt,
  onBroken,
}: {
  url: string;
  alt: string;
  onBroken: () => void;
}): JSX.Element {
  const [broken, setBroken] = useState<readonly string[]>([]);
  if (broken.length > 1)
    return (
      <span class="thumbnail-broken" title="This picture cannot be shown.">
        <Icon name="alert" />
      </span>
    );
  if (broken.includes(url)) return <span class="thumbnail-waits" />;
  return (
    <img
      class="thumbnail"
      src={ownLink(url)}
      alt={alt}
      decoding="async"
      draggable={false}
      onError={() => {
        setBroken([...broken, url]);
        if (broken.length === 0) onBroken();
      }}
    />
  );
}
