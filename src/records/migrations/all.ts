import { recordsAndKeys } from './0001-records-and-keys.ts';
import { idempotency } from './0002-idempotency.ts';
import { contentCredentials } from './0003-content-credentials.ts';
import { parameterHandling } from './0004-parameter-handling.ts';
import { webhooks } from './0005-webhooks.ts';
import { assets } from './0006-assets.ts';
import { ledger } from './0007-ledger.ts';
import { consoleSessions } from './0008-console.ts';
import { everyKey } from './0009-every-key.ts';
import { earlierWebhookSecrets } from './0010-earlier-webhook-secrets.ts';
import type { Migration } from './migration.ts';

/** Every step, in order. */
export const migrations: readonly Migration[] = [
  recordsAndKeys,
  idempotency,
  contentCredentials,
  parameterHandling,
  webhooks,
  assets,
  ledger,
  consoleSessions,
  everyKey,
  earlierWebhookSecrets,
];
