import type { Generated } from 'kysely';

import type { ResponseFormat } from '../core/idempotency.ts';
import type { CallState } from '../core/record.ts';

/** The tables as both databases have them. Lists and objects stand in them as JSON text. */
export interface Schema {
  generations: GenerationsTable;
  images: ImagesTable;
  calls: CallsTable;
  doomed_objects: DoomedObjectsTable;
  idempotency_keys: IdempotencyKeysTable;
  api_keys: ApiKeysTable;
  assets: AssetsTable;
  settings: SettingsTable;
  health: HealthTable;
  webhook_deliveries: WebhookDeliveriesTable;
  webhook_secrets: WebhookSecretsTable;
  earlier_webhook_secrets: EarlierWebhookSecretsTable;
  ledger: LedgerTable;
  usage_days: UsageDaysTable;
  console_sessions: ConsoleSessionsTable;
  sign_in_links: SignInLinksTable;
  audit: AuditTable;
}

export interface GenerationsTable {
  /** Given in order of opening; only the prompt index uses it. */
  number: Generated<number>;
  id: string;
  key_id: string;
  status: 'in_progress' | 'completed' | 'failed';
  model: string;
  prompt: string;
  parameters: string;
  created_at_ms: number;
  finished_at_ms: number | null;
  failed_images: string;
  warnings: string;
  error: string | null;
  usage: string | null;
  provider: string | null;
  served_by: string | null;
  provider_model: string | null;
  attempts: number;
  /** Null in records made before this was kept, like the next two. */
  endpoint: string | null;
  body_hash: string | null;
  response_format: ResponseFormat | null;
  delivered_at_ms: number | null;
  hung_up_at_ms: number | null;
  timed_out_at_ms: number | null;
  late: Generated<number>;
}

export interface ImagesTable {
  generation_id: string;
  position: number;
  object: string;
  format: string;
  width: number;
  height: number;
  bytes: number;
  sha256: string;
  revised_prompt: string | null;
  content_credentials: Generated<number>;
}

export interface CallsTable {
  generation_id: string;
  number: number;
  state: CallState;
  first_index: number;
  images: number;
  route: string | null;
  our_id: string | null;
  ticket: string | null;
  links: string | null;
  attempts: number;
  tried: string;
}

export interface DoomedObjectsTable {
  object: string;
  doomed_at_ms: number;
}

export interface IdempotencyKeysTable {
  key_id: string;
  endpoint: string;
  idempotency_key: string;
  body_hash: string;
  generation_id: string;
  claimed_at_ms: number;
}

export interface ApiKeysTable {
  id: string;
  name: string;
  state: 'active' | 'frozen' | 'deleted';
  secret_hash: string;
  hint: string;
  created_at_ms: number;
  expires_at_ms: number | null;
  models: string | null;
  parameter_handling: 'strict' | 'lenient' | null;
  limits: string;
}

export interface AssetsTable {
  id: string;
  key_id: string;
  name: string;
  group_id: string | null;
  file_name: string | null;
  object: string;
  format: string;
  width: number;
  height: number;
  bytes: number;
  sha256: string;
  created_at_ms: number;
  last_used_at_ms: number;
}

export interface SettingsTable {
  name: string;
  value: string;
  made_at_ms: number;
}

/** Money is in millionths of the currency; currency '' is none. */
export interface LedgerTable {
  generation_id: string;
  key_id: string;
  model: string;
  /** `2026-11-22`, UTC. */
  day: string;
  accepted_at_ms: number;
  state: 'reserved' | 'settled';
  /** Reserved: the most that can come; settled: those that came. */
  images: number;
  failed: number;
  unknown: number;
  output_tokens: number;
  sandbox: number;
  /** Null: not known. */
  cost_micros: number | null;
  /** What counts against a budget. */
  charge_micros: number;
  currency: string;
}

/** The sums of settled entries. */
export interface UsageDaysTable {
  key_id: string;
  day: string;
  model: string;
  currency: string;
  requests: number;
  images: number;
  /** Those of the images whose cost is not known. */
  unpriced_images: number;
  failed: number;
  unknown: number;
  output_tokens: number;
  cost_micros: number;
  charge_micros: number;
}

export interface ConsoleSessionsTable {
  id_hash: string;
  role: 'admin' | 'key';
  /** Null: the built-in key named `console`. */
  key_id: string | null;
  credential_hash: string | null;
  created_at_ms: number;
  last_used_at_ms: number;
}

export interface SignInLinksTable {
  token_hash: string;
  expires_at_ms: number;
}

export interface AuditTable {
  id: string;
  at_ms: number;
  actor: string;
  action: string;
  target: string | null;
  detail: string | null;
}

/** One row that is written to see whether writing works. */
export interface HealthTable {
  id: number;
  checked_at_ms: number;
}

export interface WebhookDeliveriesTable {
  id: string;
  generation_id: string;
  key_id: string;
  url: string;
  state: 'waiting' | 'pending' | 'delivered' | 'given_up';
  attempts: number;
  /** Not null exactly while it is pending. */
  next_at_ms: number | null;
  created_at_ms: number;
  ended_at_ms: number | null;
  last_status: number | null;
  last_error: string | null;
  last_attempt_at_ms: number | null;
}

export interface WebhookSecretsTable {
  key_id: string;
  secret: string;
  made_at_ms: number;
}

export interface EarlierWebhookSecretsTable {
  key_id: string;
  secret: string;
  ends_at_ms: number;
}
