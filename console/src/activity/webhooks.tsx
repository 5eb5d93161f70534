import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Delivery, List } from '../../../src/http/admin/wire.ts';
import { ask } from '../api/client.ts';
import { asApiError } from '../api/errors.ts';
import { usePoll } from '../api/use-poll.ts';
import { Button } from '../design/button.tsx';
import { TimeAgo } from '../design/figures.tsx';
import { Empty, Failed, Loading } from '../design/notice.tsx';
import { Stale } from '../design/stale.tsx';
import { Tag } from '../design/tag.tsx';
import { showToast } from '../design/toast.tsx';

/** The messages to callers' webhooks, newest first: whether they were taken, and a button to send one again. */
export function Webhooks(): JSX.Element {
  const deliveries = usePoll((signal) => ask<List<Delivery>>('GET', '/admin/webhooks', { signal }), [], {
    everyMs: 3000,
  });
  const [sending, setSending] = useState<string | undefined>(undefined);

  async function redeliver(id: string): Promise<void> {
    setSending(id);
    try {
      await ask<Delivery>('POST', `/admin/webhooks/${encodeURIComponent(id)}/redeliver`);
      showToast('It is sent again.');
    } catch (error) {
      showToast(asApiError(error).message);
    }
    setSending(undefined);
    deliveries.refresh();
  }

  if (deliveries.data === undefined)
    return deliveries.error === undefined ? (
      <Loading what="webhooks" />
    ) : (
      <Failed error={deliveries.error} onRetry={deliveries.refresh} />
    );
  const list = deliveries.data.data;
  if (list.length === 0)
    return (
      <div class="card">
        <Empty icon="link" title="No webhook was asked for yet">
          <p>
            A request with <code>Prefer: respond-async</code> and a <code>webhook_url</code> is told of its
            end. Each message is listed here, with what the receiver answered.
          </p>
        </Empty>
      </div>
    );
  return (
    <>
      <Stale polled={deliveries} />
      <ul class="card deliveries">
        {list.map((delivery) => (
          <DeliveryLine
            key={delivery.id}
            delivery={delivery}
            isSending={sending === delivery.id}
            onRedeliver={() => void redeliver(delivery.id)}
          />
        ))}
      </ul>
    </>
  );
}

const stateWords: Readonly<
  Record<Delivery['state'], { text: string; tone?: 'good' | 'warn' | 'bad'; canSend: boolean }>
> = {
  waiting: { text: 'still being made', canSend: false },
  pending: { text: 'to be sent', tone: 'warn', canSend: true },
  delivered: { text: 'delivered', tone: 'good', canSend: true },
  given_up: { text: 'given up', tone: 'bad', canSend: true },
};

function DeliveryLine(props: {
  delivery: Delivery;
  isSending: boolean;
  onRedeliver: () => void;
}): JSX.Element {
  const { delivery, isSending, onRedeliver } = props;
  const { text, tone, canSend } = stateWords[delivery.state];
  const words = [
    delivery.attempts === 0 ? '' : `${delivery.attempts} ${delivery.attempts === 1 ? 'attempt' : 'attempts'}`,
    delivery.last_status === null || delivery.last_error !== null
      ? ''
      : `last answer ${delivery.last_status}`,
  ].filter((word) => word !== '');
  return (
    <li class="delivery">
      <div class="delivery-main">
        <p class="delivery-url">
          <Tag tone={tone}>{text}</Tag>
          <code class="foreign-text" dir="ltr">
            {delivery.url}
          </code>
        </p>
        <p class="generation-facts soft small">
          <a href={`/gallery/${delivery.image_id}`}>its picture</a>
          <span class="foreign-text" dir="auto">
            {delivery.key.name ?? 'deleted key'}
          </span>
          <span>
            <TimeAgo at={delivery.created_at} />
          </span>
          {words.length > 0 && <span class="number">{words.join(', ')}</span>}
          {delivery.state === 'pending' && delivery.next_at !== null && (
            <span>
              next <TimeAgo at={delivery.next_at} />
            </span>
          )}
        </p>
        {delivery.last_error !== null && delivery.state !== 'delivered' && (
          <p class="small is-bad foreign-text" dir="auto">
            {delivery.last_error}
          </p>
        )}
      </div>
      {canSend && (
        <Button size="small" icon="redo" disabled={isSending} onClick={onRedeliver}>
          {delivery.state === 'pending' ? 'Send now' : 'Redeliver'}
        </Button>
      )}
    </li>
  );
}
