import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ownLink } from '../api/own-link.ts';
import type { ImageRecord, KeptImage, Model } from '../api/wire.ts';
import { Button, LinkButton } from '../design/button.tsx';
import { formatBytes, formatDuration, formatMoney } from '../design/figures.tsx';
import { Icon } from '../design/icon.tsx';
import { currentSession } from '../session/session.ts';
import { copyAndSay } from './copy-and-say.ts';
import { adviceFor } from './error-advice.ts';
import { expectedPixels, pixelsOf } from './parameters.ts';
import type { Run } from './run.ts';
import { useUsualMs } from './usual-time.ts';

export interface RunActions {
  onEdit: (imageId: string, image: Pick<KeptImage, 'index' | 'thumbnail_url'>) => void;
  onAgain: (run: Run) => void;
  /** A picture did not load: its link may have aged. */
  onStale: (run: Run) => void;
}

/** One request: its pictures as they come, or why there are none. */
export function RunView({
  run,
  model,
  actions,
}: {
  run: Run;
  model: Model | undefined;
  actions: RunActions;
}): JSX.Element {
  switch (run.state.kind) {
    case 'running':
      return <Progress run={run} model={model} />;
    case 'failed':
      return <Failure run={run} onAgain={() => actions.onAgain(run)} />;
    case 'done':
      return <Results run={run} actions={actions} />;
  }
}

function Progress({ run, model }: { run: Run; model: Model | undefined }): JSX.Element {
  const { body, live, startedAt } = run;
  const wanted = typeof body['n'] === 'number' ? body['n'] : 1;
  const pixels = (model && expectedPixels(model, body)) ?? [1, 1];
  const count = Math.max(wanted, live.images.length);
  return (
    <>
      <Elapsed model={body.model} since={startedAt} />
      <ul class={count === 1 ? 'pictures pictures-one' : 'pictures'}>
        {Array.from({ length: count }, (_, index) => {
          const image = live.images.find((made) => made.index === index);
          const preview = live.previews[index];
          const [width, height] = (image && pixelsOf(image.size)) ?? pixels;
          return (
            <li key={index} class="picture" style={{ '--ratio': String(width / height) }}>
              {image === undefined ? (
                <div class="picture-coming" style={{ aspectRatio: `${width} / ${height}` }}>
                  {preview && <img src={preview} alt="Preview" />}
                </div>
              ) : (
                <img src={ownLink(image.url)} width={width} height={height} alt={altOf(run, index)} />
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}

function Elapsed({ model, since }: { model: string; since: number }): JSX.Element {
  const usualMs = useUsualMs(model);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 200);
    return () => clearInterval(timer);
  }, []);
  const elapsedMs = Math.max(0, now - since);
  const isSlow = usualMs !== undefined && elapsedMs > usualMs * 2 && elapsedMs > 5000;
  return (
    <div class="elapsed">
      {usualMs === undefined ? (
        <span class="spinner" />
      ) : (
        // Never full before it is done.
        <progress
          class="elapsed-bar"
          aria-label="Progress"
          value={1 - Math.exp((-1.6 * elapsedMs) / usualMs)}
        />
      )}
      <span class="field-hint number">
        {formatDuration(elapsedMs)}
        {usualMs !== undefined && ` · usually ${formatDuration(usualMs)}`}
        {isSlow && ' · it takes longer today'}
      </span>
    </div>
  );
}

function Failure({ run, onAgain }: { run: Run; onAgain: () => void }): JSX.Element | null {
  if (run.state.kind !== 'failed') return null;
  const { error } = run.state;
  const advice = adviceFor(error, currentSession()?.role ?? 'key');
  return (
    <div class="failure" role="alert">
      <Icon name="alert" />
      <div>
        <p class="failure-message foreign-text" dir="auto">
          {error.message}
        </p>
        {advice && (
          <p>
            {advice.text} {advice.place && <a href={advice.place.path}>{advice.place.title}</a>}
          </p>
        )}
        <div class="failure-actions">
          <Button size="small" icon="redo" onClick={onAgain}>
            Try again
          </Button>
        </div>
      </div>
    </div>
  );
}

function Results({ run, actions }: { run: Run; actions: RunActions }): JSX.Element {
  const record = run.state.kind === 'done' ? run.state.record : null;
  if (record === null) return <p class="field-hint">Looking for the pictures…</p>;
  const { images, failed_images: failed } = record;
  return (
    <>
      <ul class={images.length + failed.length === 1 ? 'pictures pictures-one' : 'pictures'}>
        {images.map((image) => (
          <Picture key={image.index} run={run} imageId={record.id} image={image} actions={actions} />
        ))}
        {failed.map(({ index, error }) => (
          <li key={index} class="picture">
            <div class="failure">
              <Icon name="alert" />
              <p class="foreign-text" dir="auto">
                Picture {index + 1}: {error.message}
              </p>
            </div>
          </li>
        ))}
      </ul>
      <p class="run-facts number">
        {[
          record.duration_ms === null ? '' : formatDuration(record.duration_ms),
          costOf(record),
          record.served_by ?? '',
        ]
          .filter((fact) => fact !== '')
          .join(' · ')}
      </p>
      {record.warnings.map((warning) => (
        <p key={warning.message} class="run-warning foreign-text" dir="auto">
          {warning.message}
        </p>
      ))}
      {run.leftOut.length > 0 && (
        <p class="run-warning foreign-text">
          Made without what {run.modelName} does not take: {run.leftOut.join(', ')}.
        </p>
      )}
    </>
  );
}

/** A cost that nobody knows is not none. */
function costOf({ usage, served_by: servedBy }: ImageRecord): string {
  if (usage?.cost) return formatMoney(usage.cost);
  return servedBy?.startsWith('sandbox/') ? 'free' : 'cost unknown';
}

function Picture(props: { run: Run; imageId: string; image: KeptImage; actions: RunActions }): JSX.Element {
  const { run, imageId, image, actions } = props;
  const { index, url, width, height, bytes } = image;
  // As the event named it, while it is there: by another link the same picture would be fetched again.
  const shownUrl = ownLink(run.live.images.find((made) => made.index === index)?.url ?? url);
  const name = `picture ${index + 1}`;
  // Once: a picture that is broken stays so.
  const asked = useRef(false);
  return (
    <li class="picture" style={{ '--ratio': String(width / height) }}>
      <a
        class="picture-link"
        href={shownUrl}
        target="_blank"
        rel="noopener"
        style={{ aspectRatio: `${width} / ${height}` }}
      >
        <img
          src={shownUrl}
          width={width}
          height={height}
          alt={altOf(run, index)}
          onError={() => {
            if (asked.current) return;
            asked.current = true;
            actions.onStale(run);
          }}
        />
      </a>
      <div class="picture-foot">
        <span class="field-hint number">
          {width} × {height} · {formatBytes(bytes)}
        </span>
        <span class="picture-tools">
          <LinkButton
            size="small"
            kind="quiet"
            icon="download"
            label={`Download ${name}`}
            href={`/v1/images/${imageId}/content?format=binary&index=${index}`}
            download
          />
          <Button
            size="small"
            kind="quiet"
            icon="link"
            label={`Copy link to ${name}`}
            onClick={() => void copyAndSay(url, linkSaid(url))}
          />
          <Button size="small" kind="quiet" icon="pen" onClick={() => actions.onEdit(imageId, image)}>
            Edit from this
          </Button>
        </span>
      </div>
    </li>
  );
}

/** A signed link says itself until when it holds. */
function linkSaid(url: string): string {
  const until = Number(new URL(url).searchParams.get('exp'));
  if (!Number.isFinite(until) || until === 0) return 'Link copied.';
  const time = new Date(until * 1000).toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit' });
  return `Link copied. Whoever has it can see the picture until ${time}.`;
}

function altOf({ body, modelName }: Run, index: number): string {
  return `Picture ${index + 1} by ${modelName}: ${body.prompt}`;
}
