import type { JSX } from 'preact';
import { ask } from '../api/client.ts';
import { usePoll } from '../api/use-poll.ts';
import type { Model, ModelList } from '../api/wire.ts';
import { Empty, Failed, Loading } from '../design/notice.tsx';
import { Stale } from '../design/stale.tsx';
import { Tag } from '../design/tag.tsx';
import { ModelHead } from './model-head.tsx';
import { Prices } from './prices.tsx';

/** What an API key sees: the models it may use. How their routes do is the operator's business. */
export function OwnModels(): JSX.Element {
  const models = usePoll((signal) => ask<ModelList>('GET', '/v1/models', { signal }), [], {
    everyMs: 10_000,
  });
  const list = models.data?.data;
  return (
    <>
      <header class="page-head">
        <h1>Models</h1>
        <p class="soft">What this API key may use. How the routes do is shown to the admin key.</p>
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
            <Empty icon="models" title="No model may be used with this key">
              <p>Whoever gave you the key can change that.</p>
            </Empty>
          )}
          <div class="model-list">
            {list.map((model) => (
              <OwnModel key={model.id} model={model} />
            ))}
          </div>
        </>
      )}
    </>
  );
}

function OwnModel({ model }: { model: Model }): JSX.Element {
  const inputs = model.input_images.max;
  return (
    <section class="card model" aria-label={model.display_name}>
      <ModelHead model={model}>
        <Tag tone={model.available ? 'good' : 'bad'}>
          {model.available ? 'available' : 'not available now'}
        </Tag>
      </ModelHead>
      <dl class="own-figures">
        <div>
          <dt>Price</dt>
          <dd>
            <Prices rows={model.pricing} isSandbox={model.sandbox} />
          </dd>
        </div>
        <div>
          <dt>Input images</dt>
          <dd>{inputs === 0 ? 'none' : `up to ${inputs}`}</dd>
        </div>
        <div>
          <dt>Takes</dt>
          <dd>{model.supported_parameters.join(', ')}</dd>
        </div>
      </dl>
    </section>
  );
}
