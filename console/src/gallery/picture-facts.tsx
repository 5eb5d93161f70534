import type { ComponentChildren, JSX } from 'preact';
import { formatBytes, formatDuration, Money, TimeAgo } from '../design/figures.tsx';
import { Tag } from '../design/tag.tsx';
import type { Picture } from './source.ts';
import { countOf, formatTime } from './words.ts';

/** What is kept of a request and of one of its images, besides the prompt, and why it failed, which stand beside it. */
export function PictureFacts({
  picture,
  image,
}: {
  picture: Picture;
  image: Picture['images'][number] | undefined;
}): JSX.Element {
  const { usage, warnings, failed_images: failed, parameters } = picture;
  return (
    <div class="facts">
      {failed.length > 0 && (
        <Part title={`${countOf(failed.length, 'image')} failed`}>
          <ul class="facts-list">
            {failed.map(({ index, error }) => (
              <li key={index}>
                <strong>Image {index + 1}: </strong>
                <Reason message={error.message} reason={error.reason} />
              </li>
            ))}
          </ul>
        </Part>
      )}
      {warnings.length > 0 && (
        <Part title="Warnings">
          <ul class="facts-list">
            {warnings.map(({ param, message, requested, used }, i) => (
              <li key={i}>
                <code>{param}</code>{' '}
                {requested !== undefined && used !== undefined && requested !== null && used !== null && (
                  <span class="foreign-text">
                    {show(requested)} → {show(used)}.{' '}
                  </span>
                )}
                <span class="foreign-text" dir="auto">
                  {message}
                </span>
              </li>
            ))}
          </ul>
        </Part>
      )}
      <Part title="Request">
        <dl class="facts-table">
          <Fact name="Status">
            <StatusTag status={picture.status} />
            {picture.late && <Tag tone="warn">came late</Tag>}
          </Fact>
          <Fact name="Made">
            <TimeAgo at={picture.created_at} />
            <span class="facts-soft"> {formatTime(picture.created_at)}</span>
          </Fact>
          {picture.key && (
            <Fact name="Key">
              <span class="foreign-text" dir="auto">
                {picture.key.name ?? 'a key that was deleted'}
              </span>
            </Fact>
          )}
          <Fact name="Model">{picture.model}</Fact>
          <Fact name="Served by">{picture.served_by}</Fact>
          <Fact name="Model upstream">{picture.provider_model}</Fact>
          <Fact name="Took">{picture.duration_ms === null ? null : formatDuration(picture.duration_ms)}</Fact>
          <Fact name="Attempts">{picture.attempts}</Fact>
          <Fact name="Cost">{usage === null ? null : <Cost of={usage.cost} />}</Fact>
          <Fact name="Usage">{usage === null ? null : usageText(usage)}</Fact>
          <Fact name="Id">
            <code class="foreign-text">{picture.id}</code>
          </Fact>
        </dl>
      </Part>
      {Object.keys(parameters).length > 0 && (
        <Part title="Parameters">
          <dl class="facts-table">
            {Object.entries(parameters).map(([name, value]) => (
              <Fact key={name} name={name} isCode>
                <span class="foreign-text" dir="auto">
                  {show(value)}
                </span>
              </Fact>
            ))}
          </dl>
        </Part>
      )}
      {image !== undefined && (
        <Part title={picture.images.length > 1 ? `File of image ${image.index + 1}` : 'File'}>
          <dl class="facts-table">
            <Fact name="Size">
              {image.width} × {image.height} px, {formatBytes(image.bytes)}
            </Fact>
            <Fact name="Type">{image.mime_type}</Fact>
            <Fact name="Content credentials">
              {image.content_credentials
                ? 'The file carries some (C2PA); they are not judged here'
                : 'None in the file'}
            </Fact>
            {image.revised_prompt && (
              <Fact name="Revised prompt">
                <span class="foreign-text" dir="auto">
                  {image.revised_prompt}
                </span>
              </Fact>
            )}
            <Fact name="SHA-256">
              <code class="foreign-text">{image.sha256}</code>
            </Fact>
          </dl>
        </Part>
      )}
    </div>
  );
}

function Part({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

/** Nothing where there is nothing to say. */
function Fact(props: { name: string; isCode?: boolean; children: ComponentChildren }): JSX.Element | null {
  if (props.children === null || props.children === undefined) return null;
  return (
    <div>
      <dt>{props.isCode ? <code>{props.name}</code> : props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function Reason({ message, reason }: { message: string; reason: string }): JSX.Element {
  return (
    <>
      <span class="foreign-text" dir="auto">
        {message}
      </span>{' '}
      <code class="facts-soft">{reason}</code>
    </>
  );
}

function StatusTag({ status }: { status: Picture['status'] }): JSX.Element {
  switch (status) {
    case 'completed':
      return <Tag tone="good">completed</Tag>;
    case 'failed':
      return <Tag tone="bad">failed</Tag>;
    case 'in_progress':
      return <Tag tone="accent">in progress</Tag>;
  }
}

function Cost({ of }: { of: NonNullable<Picture['usage']>['cost'] }): JSX.Element {
  return of === null ? <span class="facts-soft">no price is known</span> : <Money of={of} />;
}

function usageText(usage: NonNullable<Picture['usage']>): string {
  const tokens = [
    usage.input_tokens === undefined ? undefined : `${usage.input_tokens.toLocaleString('en')} in`,
    `${usage.output_tokens.toLocaleString('en')} out`,
    `${usage.total_tokens.toLocaleString('en')} tokens in all`,
  ].filter((part) => part !== undefined);
  return `${countOf(usage.generated_images, 'image')}; ${tokens.join(', ')}`;
}

/** A value of a request as text, never as anything else. */
function show(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
