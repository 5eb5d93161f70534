import type { Parameter, Webhook } from '../openapi/operation.ts';
import { webhookMessage } from './wire-schemas.ts';

/** The headers of Standard Webhooks. */
const headers: readonly Parameter[] = [
  {
    in: 'header',
    name: 'webhook-id',
    about: 'The same at every attempt, so that a repeat is known.',
    schema: { type: 'string' },
    required: true,
  },
  {
    in: 'header',
    name: 'webhook-timestamp',
    about: 'When this attempt was sent, in Unix seconds.',
    schema: { type: 'integer' },
    required: true,
  },
  {
    in: 'header',
    name: 'webhook-signature',
    about:
      '`v1,` and the HMAC-SHA256 of `{id}.{timestamp}.{body}` in base64, with the `whsec_` secret of the key. For 24 hours after the secret was replaced there are two, with a space between them: by the new one and by the old one.',
    schema: { type: 'string', pattern: '^v1,' },
    required: true,
  },
];

const about =
  'Sent to the `webhook_url` of a request with `Prefer: respond-async`, in the form of Standard Webhooks: at least once, and for a day until it is taken. Verify the signature before you trust it.';

/** What is told to a caller's own address (public-api.md section 4.6). */
export const webhooks = {
  'image.completed': {
    id: 'imageCompleted',
    tag: 'Create',
    summary: 'The images are made',
    about,
    headers,
    shape: webhookMessage,
  },
  'image.failed': {
    id: 'imageFailed',
    tag: 'Create',
    summary: 'The request failed',
    about,
    headers,
    shape: webhookMessage,
  },
} as const satisfies Record<string, Webhook>;
