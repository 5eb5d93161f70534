import type { JSX } from 'preact';
import type { AdminModel, List } from '../../../src/http/admin/wire.ts';
import { ask } from '../api/client.ts';
import { usePoll } from '../api/use-poll.ts';
import { Empty, Failed, Loading } from '../design/notice.tsx';
import { Stale } from '../design/stale.tsx';
import { Tag } from '../design/tag.tsx';
import { currentSession } from '../session/session.ts';
import { ModelHead } from './model-head.tsx';
import { OwnModels } from './own-models.tsx';
import { RouteRow } from './route-row.tsx';
import './models.css';

/** Every model with its routes, as they are now; for an API key the models that it may use. */
export function ModelsScreen(): JSX.Element {
  return (
    <div class="page models">{currentSession()?.role === 'admin' ? <RoutesOfModels /> : <OwnModels />}</div>
  );
}

const everyMs = 3000;

function RoutesOfModels(): JSX.Element {
  const models = usePoll((signal) => ask<List<AdminModel>>('GET', '/admin/models', { signal }), [], {
    everyMs,
  });
  const list = models.data?.data;
  return (
    <>
      <header class="page-head">
        <h1>Models</h1>
        {list !== undefined && <Summary models={list} />}
      </header>
      {list === undefined ? (
        models.error === undefined ? (
          <Loading what="models" />
        ) : (
          <Failed error={models.error} onRetry={models.refresh} />
        )
      ) : (
        <>
          <Stale polled={models} />
          {list.length === 0 && (
            <Empty icon="models" title="No model is configured">
              <p>Set a provider's credential and start again, or name models in the configuration.</p>
            </Empty>
          )}
          <div class="model-list">
            {list.map((model) => (
              <ModelCard key={model.id} model={model} />
            ))}
          </div>
        </>
      )}
    </>
  );
}

function Summary({ models }: { models: readonly AdminModel[] }): JSX.Element {
  const routes = models.flatMap((model) => model.routes);
  const out = routes.filter(({ state }) => state !== 'ready').length;
  const inFlight = routes.reduce((sum, route) => sum + route.in_flight, 0);
  return (
    <p class="soft number">
      {models.length} models, {routes.length} routes, {inFlight} calls running · p50, p95 and errors of the
      last hour
      <span role="status">
        {out > 0 && (
          <>
            {' · '}
            <strong class="is-bad">{out} out of service</strong>
          </>
        )}
      </span>
    </p>
  );
}

function ModelCard({ model }: { model: AdminModel }): JSX.Element {
  return (
    <section class="card model" aria-label={model.display_name}>
      <ModelHead model={model}>
        {!model.available && <Tag tone="bad">{model.routes.length === 0 ? 'no route' : 'not available'}</Tag>}
      </ModelHead>
      {model.routes.length === 0 ? (
        <p class="model-none soft">
          Nothing serves this model: its provider has no credential and the sandbox is off.
        </p>
      ) : (
        <ol class="routes">
          {model.routes.map((route, i) => (
            <RouteRow key={route.label} route={route} order={i + 1} />
          ))}
        </ol>
      )}
    </section>
  );
}
