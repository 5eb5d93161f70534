import { z } from 'zod';
import type { KeySettings } from '../../core/api-keys.ts';
import type { Catalog } from '../../core/catalog.ts';
import { GatewayError } from '../../core/errors.ts';
import { isId } from '../../core/ids.ts';
import type { ApiKey, KeyLimits } from '../../core/key-store.ts';

/** What POST and PATCH of /admin/keys take; what each limit means: docs/keys.md. */

const countForm = 'must be a whole number from 1 to 999999999, or null';
const count = z
  .int({ error: countForm })
  .min(1, { error: countForm })
  .max(999_999_999, { error: countForm })
  .nullable()
  .optional();

const money = z
  .strictObject(
    {
      amount: z
        .string({ error: 'must be a decimal such as "5.00"' })
        .regex(/^\d{1,9}(\.\d{1,6})?$/, { error: 'must be a decimal such as "5.00"' }),
      currency: z
        .string({ error: 'must be an ISO 4217 code such as "USD"' })
        .regex(/^[A-Z]{3}$/, { error: 'must be an ISO 4217 code such as "USD"' }),
    },
    { error: moneyForm },
  )
  .nullable()
  .optional();

/** A field that is not known is told as that, not as a wrong amount. */
function moneyForm({ code }: { code?: string | undefined }): string | undefined {
  return code === 'invalid_type' ? 'must be an amount with its currency, or null' : undefined;
}

const limits = z.strictObject(
  {
    requests_per_minute: count,
    images_per_minute: count,
    concurrency: count,
    budget: money,
    budget_images: count,
    budget_period: z
      .enum(['total', 'month'], { error: 'must be total, month or null' })
      .nullable()
      .optional(),
  },
  { error: ({ code }) => (code === 'invalid_type' ? 'must be an object of limits' : undefined) },
);

const nameForm = 'must be 1 to 64 characters that can be seen, and not the id of a key';
const name = z
  .string({ error: nameForm })
  .trim()
  .refine((text) => isGoodName(text), { error: nameForm });

/** Neither empty nor longer than a line, and nothing that turns a line around. */
function isGoodName(text: string): boolean {
  const { length } = Array.from(text);
  return length >= 1 && length <= 64 && !/[\p{C}\p{Zl}\p{Zp}]/u.test(text) && !isId('key', text);
}

const settings = {
  expires_at: z.int({ error: 'must be Unix seconds, or null' }).nullable().optional(),
  models: z
    .array(z.string({ error: 'must be the name of a model' }), {
      error: 'must be a list of models, or null: all',
    })
    .min(1, { error: 'must name a model at least, or be null: all' })
    .max(1000, { error: 'must not name more than 1000 models' })
    .nullable()
    .optional(),
  parameter_handling: z
    .enum(['strict', 'lenient'], { error: 'must be strict, lenient or null' })
    .nullable()
    .optional(),
  limits: limits.optional(),
};

/** POST /admin/keys. */
export const newKeyBody = z.strictObject({ name, ...settings });

/** PATCH /admin/keys/{id}: what is not named stays. */
export const keyChangeBody = z.strictObject({
  name: name.optional(),
  state: z.enum(['active', 'frozen'], { error: 'must be active or frozen' }).optional(),
  ...settings,
});
export type KeyChangeBody = z.infer<typeof keyChangeBody>;

type Limits = z.infer<typeof limits>;

/**
 * The settings that a body names, and no other, so that a change leaves alone what somebody else changes meanwhile;
 * limits upon those the key has. Throws GatewayError.
 */
export function readKeySettings(
  body: KeyChangeBody,
  before: Pick<KeySettings, 'limits'>,
  { catalog, nowMs }: { catalog: Catalog; nowMs: number },
): Partial<KeySettings> {
  const { expires_at: expiresAt, models, parameter_handling: handling, limits: said } = body;
  return {
    ...(expiresAt === undefined ? {} : { expiresAtMs: readExpiry(expiresAt, nowMs) }),
    ...(models === undefined ? {} : { models: readModels(models, catalog) }),
    ...(handling === undefined ? {} : { parameterHandling: handling ?? undefined }),
    ...(said === undefined ? {} : { limits: readLimits(said, before.limits) }),
  };
}

function readExpiry(seconds: number | null, nowMs: number): number | undefined {
  if (seconds === null) return undefined;
  const ms = seconds * 1000;
  if (ms > nowMs && ms <= 8.64e15) return ms;
  throw new GatewayError(
    'invalid_value',
    "'expires_at' must be a time to come, in Unix seconds. To refuse the key now, freeze it.",
    { param: 'expires_at' },
  );
}

function readModels(names: readonly string[] | null, catalog: Catalog): string[] | undefined {
  if (names === null) return undefined;
  const ids = names.map((model, i) => {
    const id = catalog.find(model.trim())?.card.id;
    if (id !== undefined) return id;
    throw new GatewayError('invalid_value', `'models[${i}]' names no model of this server.`, {
      param: `models[${i}]`,
    });
  });
  return [...new Set(ids)];
}

function readLimits(said: Limits, before: KeyLimits): KeyLimits {
  const after = {
    requestsPerMinute: pick(said.requests_per_minute, before.requestsPerMinute),
    imagesPerMinute: pick(said.images_per_minute, before.imagesPerMinute),
    concurrency: pick(said.concurrency, before.concurrency),
    budget: pick(said.budget, before.budget),
    budgetImages: pick(said.budget_images, before.budgetImages),
    budgetPeriod: pick(said.budget_period, before.budgetPeriod),
  };
  return Object.fromEntries(Object.entries(after).filter(([, limit]) => limit !== undefined));
}

/** Not said: as before; null: none. */
function pick<T>(said: T | null | undefined, before: T | undefined): T | undefined {
  return said === undefined ? before : (said ?? undefined);
}

/** What of a key differs, in the words of the wire; for the audit log. */
export function changedFields(body: KeyChangeBody): string {
  const { limits: said = {}, ...rest } = body;
  return [...Object.keys(rest), ...Object.keys(said)].join(', ');
}

/** True when the key would be another one afterwards. */
export function isRenamed(body: KeyChangeBody, key: ApiKey): boolean {
  return body.name !== undefined && body.name !== key.name;
}
