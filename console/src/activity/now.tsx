import type { JSX } from 'preact';
import type { Activity, FinishedGeneration, InFlightGeneration } from '../../../src/http/admin/wire.ts';
import { ask } from '../api/client.ts';
import { usePoll } from '../api/use-poll.ts';
import { formatDuration, TimeAgo } from '../design/figures.tsx';
import { Empty, Failed, Loading } from '../design/notice.tsx';
import { Stale } from '../design/stale.tsx';
import { Table, type Column } from '../design/table.tsx';
import { Tag } from '../design/tag.tsx';
import { useNow } from '../design/use-now.ts';
import { elapsedText, steps, stepState, stepWord } from './steps.ts';

/** Generations under way, with the step of each call, and those that ended lately. */
export function Now(): JSX.Element {
  const activity = usePoll((signal) => ask<Activity>('GET', '/admin/activity', { signal }), [], {
    everyMs: 1500,
  });
  if (activity.data === undefined)
    return activity.error === undefined ? (
      <Loading what="activity" />
    ) : (
      <Failed error={activity.error} onRetry={activity.refresh} />
    );
  const { in_flight: running, finished } = activity.data;
  return (
    <>
      <Stale polled={activity} />
      <section class="activity-part" aria-labelledby="running">
        <h2 id="running">
          Under way <span class="soft number">{running.length}</span>
        </h2>
        {running.length === 0 ? (
          <div class="card activity-none soft">Nothing is being made now.</div>
        ) : (
          <Running generations={running} />
        )}
      </section>
      <section class="activity-part" aria-labelledby="finished">
        <h2 id="finished">Lately finished</h2>
        {finished.length === 0 ? (
          <div class="card">
            <Empty icon="activity" title="Nothing was made yet">
              <p>
                <a href="/">Make a picture</a>, or send one to <code>/v1/images/generations</code>: it is seen
                here as it runs.
              </p>
            </Empty>
          </div>
        ) : (
          <Table
            caption="Finished generations"
            columns={finishedColumns}
            rows={finished}
            keyOf={({ id }) => id}
          />
        )}
      </section>
    </>
  );
}

/** More would not be read, and each is drawn anew every second. */
const maxShown = 50;

function Running({ generations }: { generations: readonly InFlightGeneration[] }): JSX.Element {
  const now = useNow(1000);
  return (
    <ul class="card running">
      {generations.slice(0, maxShown).map((generation) => (
        <li key={generation.id} class="generation">
          <div class="generation-head">
            <p class="generation-prompt foreign-text" dir="auto" title={generation.prompt}>
              {generation.prompt}
            </p>
            <span class="generation-elapsed number">{elapsedText(generation.created_at, now)}</span>
          </div>
          <p class="generation-facts soft small">
            <span>{generation.model}</span>
            <KeyName of={generation.key} />
          </p>
          <ul class="calls">
            {generation.calls.map((call) => (
              <CallLine key={call.number} call={call} />
            ))}
          </ul>
        </li>
      ))}
      {generations.length > maxShown && (
        <li class="generation soft number">and {generations.length - maxShown} more</li>
      )}
    </ul>
  );
}

/** One call: which step it has come to, where it was sent, how often. */
function CallLine({ call }: { call: InFlightGeneration['calls'][number] }): JSX.Element {
  const { step, images, route, attempts } = call;
  return (
    <li class="call">
      {step === 'failed' ? (
        <Tag tone="bad">Failed</Tag>
      ) : (
        <ol class="steps" aria-label="Steps">
          {steps.map((name) => {
            const state = stepState(name, step);
            return (
              <li key={name} class={`step step-${state}`} aria-current={state === 'now' ? 'step' : undefined}>
                {stepWord(name)}
              </li>
            );
          })}
        </ol>
      )}
      <p class="soft small number">
        {images} {images === 1 ? 'image' : 'images'}
        {route !== null && <> · {route}</>}
        {attempts > 1 && <> · attempt {attempts}</>}
      </p>
    </li>
  );
}

const finishedColumns: readonly Column<FinishedGeneration>[] = [
  {
    title: 'Prompt',
    cell: ({ id, prompt, error }) => (
      <div class="finished-prompt">
        <a href={`/gallery/${id}`} class="foreign-text" dir="auto">
          {prompt}
        </a>
        {error !== null && (
          <p class="small is-bad foreign-text" dir="auto">
            {error}
          </p>
        )}
      </div>
    ),
  },
  {
    title: 'State',
    cell: ({ status }) => <Tag tone={status === 'completed' ? 'good' : 'bad'}>{status}</Tag>,
  },
  { title: 'Model', cell: ({ model }) => <span class="nowrap">{model}</span> },
  { title: 'Key', cell: ({ key }) => <KeyName of={key} /> },
  { title: 'Images', isNumber: true, cell: ({ images }) => images },
  { title: 'Took', isNumber: true, cell: ({ duration_ms: ms }) => (ms === null ? '—' : formatDuration(ms)) },
  {
    title: 'Accepted',
    isNumber: true,
    cell: ({ created_at: at }) => <TimeAgo at={at} />,
  },
];

function KeyName({ of }: { of: { name: string | null } }): JSX.Element {
  return of.name === null ? (
    <span class="soft">deleted key</span>
  ) : (
    <span class="foreign-text" dir="auto">
      {of.name}
    </span>
  );
}
