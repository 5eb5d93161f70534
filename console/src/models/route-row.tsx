import type { ComponentChildren, JSX } from 'preact';
import type { AdminRoute } from '../../../src/http/admin/wire.ts';
import { formatDuration, TimeAgo } from '../design/figures.tsx';
import { Icon } from '../design/icon.tsx';
import { Tag } from '../design/tag.tsx';
import { useNow } from '../design/use-now.ts';
import { Prices } from './prices.tsx';
import { errorRateText, faultText, retryText, stateWords } from './route-words.ts';

/** One way to serve a model: how it is, what it does, what it costs and what went wrong with it. */
export function RouteRow({ route, order }: { route: AdminRoute; order: number }): JSX.Element {
  const { recent } = route;
  const { text, tone } = stateWords(route.state);
  const isFailing = recent.calls >= 5 && recent.failed / recent.calls >= 0.2;
  return (
    <li class="route">
      <div class="route-main">
        <div class="route-name">
          <span class="route-order number">{order}</span>
          <div>
            <p>
              <strong>{route.label}</strong> <Tag tone={tone}>{text}</Tag>
            </p>
            <p class="soft small foreign-text">{route.upstream_model}</p>
          </div>
        </div>
        <dl class="route-figures">
          <Figure name="In use">{slotsText(route)}</Figure>
          <Figure name="p50">{latencyText(recent.latency_p50_ms)}</Figure>
          <Figure name="p95">{latencyText(recent.latency_p95_ms)}</Figure>
          <Figure name="Errors" isBad={isFailing}>
            <span
              title={`${recent.failed} of ${recent.calls} calls in the last hour; refused content counts too`}
            >
              {errorRateText(recent)}
              {recent.calls > 0 && <small class="soft"> of {recent.calls.toLocaleString('en')}</small>}
            </span>
          </Figure>
          <Figure name="Price">
            <Prices rows={route.pricing} isSandbox={route.label.startsWith('sandbox/')} />
          </Figure>
        </dl>
      </div>
      {route.mark !== null && <Mark route={route} mark={route.mark} />}
      <LastErrors route={route} />
    </li>
  );
}

function Figure(props: { name: string; isBad?: boolean; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd class={props.isBad === true ? 'number is-bad' : 'number'}>{props.children}</dd>
    </div>
  );
}

/** Why the route is not asked, what can be done about it, and when it is tried again. */
function Mark(props: { route: AdminRoute; mark: NonNullable<AdminRoute['mark']> }): JSX.Element {
  const { route, mark } = props;
  const now = useNow(1000);
  const advice = route.last_errors.find((error) => error.reason === mark.fault)?.advice ?? null;
  return (
    <div class={route.state === 'probing' ? 'route-mark is-probing' : 'route-mark'}>
      <Icon name="alert" />
      <div>
        <p>
          Out of service: {faultText(mark.fault)}.{' '}
          {route.state === 'probing' ? (
            'One call is trying it now.'
          ) : (
            <>
              Tried again <span class="number">{retryText(mark.until, now)}</span>.
            </>
          )}
        </p>
        {advice !== null && <p class="route-advice">{advice}</p>}
      </div>
    </div>
  );
}

function LastErrors({ route }: { route: AdminRoute }): JSX.Element | null {
  const errors = route.last_errors;
  if (errors.length === 0) return null;
  return (
    <details class="route-errors">
      <summary>
        Last errors <span class="soft number">{errors.length}</span>
      </summary>
      <ul>
        {errors.map((error, i) => (
          <li key={`${error.at} ${i}`}>
            <p class="soft small">
              <TimeAgo at={error.at} /> · <code>{error.reason}</code>
            </p>
            <p class="foreign-text" dir="auto">
              {error.message}
            </p>
            {error.advice !== null && <p class="route-advice">{error.advice}</p>}
          </li>
        ))}
      </ul>
    </details>
  );
}

function slotsText({ in_flight, slots }: AdminRoute): string {
  return slots === null ? String(in_flight) : `${in_flight} of ${slots}`;
}

function latencyText(ms: number | null): string {
  return ms === null ? '—' : formatDuration(ms);
}
