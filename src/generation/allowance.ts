import type { Model } from '../core/catalog.ts';
import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { ImageRequest } from '../core/image-request.ts';
import type { KeyLimits, KeyStore } from '../core/key-store.ts';
import type { LedgerStore, LimitRefusal, Reservation } from '../core/ledger.ts';
import { highestCost, toMicros, type Cost } from '../core/price.ts';

/** What deciding about a key's limits needs. */
export interface AllowanceTools {
  keys: Pick<KeyStore, 'find'>;
  ledger: Pick<LedgerStore, 'refusal'>;
  clock: Clock;
}

interface Order {
  keyId: string;
  model: Model;
  request: ImageRequest;
  /** Our field name -> the caller's own spelling. */
  spelling: Readonly<Record<string, string>>;
}

/** After this long another generation may have ended; nobody knows. */
const concurrencyWaitMs = 2000;

/**
 * The most a generation may take, and the model with those of its routes that the key's budget allows: with a budget
 * in money only those whose highest price is known. The limits are the key's as they stand now. Throws GatewayError
 * when one of them is reached (public-api.md section 9); what runs meanwhile is counted when the record is opened.
 */
export async function askAllowance(
  order: Order,
  { keys, ledger, clock }: AllowanceTools,
): Promise<{ model: Model; reservation: Reservation }> {
  const { request, keyId } = order;
  const images = request.group?.maxImages ?? request.n;
  const limits = (await keys.find(keyId))?.limits ?? {};
  const { model, cost } = withinBudget(order.model, images, limits.budget);
  const reservation: Reservation = { images, cost, limits };
  const refusal = isLimited(limits) ? await ledger.refusal(keyId, reservation, clock.now()) : undefined;
  if (refusal !== undefined) throw refusedByLimit(refusal, order);
  if (model.routes.length === 0 && order.model.routes.length > 0) throw withoutPrice(order.model);
  return { model, reservation };
}

function isLimited({ imagesPerMinute, concurrency, budget, budgetImages }: KeyLimits): boolean {
  return [imagesPerMinute, concurrency, budget, budgetImages].some((limit) => limit !== undefined);
}

/** Sandbox routes cost nothing. Of the others any may be taken, so the dearest decides. */
function withinBudget(
  model: Model,
  images: number,
  budget: Cost | undefined,
): { model: Model; cost: Cost | undefined } {
  if (budget === undefined) return { model, cost: undefined };
  const costs = new Map(
    model.routes.map((route) => [
      route,
      route.sandbox ? undefined : highestCost(route.price, images, budget.currency),
    ]),
  );
  const routes = model.routes.filter((route) => route.sandbox || costs.get(route) !== undefined);
  const [dearest] = [...costs.values()]
    .filter((cost) => cost !== undefined)
    .toSorted((a, b) => toMicros(b.amount) - toMicros(a.amount));
  return { model: { ...model, routes }, cost: dearest };
}

function withoutPrice({ card }: Model): GatewayError {
  return new GatewayError(
    'insufficient_balance',
    `This API key has a budget in money, and what model '${card.id}' costs here is not known; nothing was generated. Ask the operator for its price, or use another model (GET /v1/models).`,
    {
      details: `no route of ${card.id} has a price in the budget's currency that says the most an image costs`,
    },
  );
}

/** A reached limit as the caller is told it. */
export function refusedByLimit(refusal: LimitRefusal, { request, spelling }: Order): GatewayError {
  switch (refusal.limit) {
    case 'images_per_request': {
      const images = request.group?.maxImages ?? request.n;
      return new GatewayError(
        'invalid_value',
        `This request asks for up to ${images} images, and this API key may make ${refusal.most} a minute. Ask for fewer at a time.`,
        {
          param:
            request.group === undefined
              ? (spelling['n'] ?? 'n')
              : 'sequential_image_generation_options.max_images',
        },
      );
    }
    case 'images_per_minute':
      return new GatewayError(
        'rate_limited',
        `This API key may make ${refusal.most} images a minute, and that limit is reached; nothing was generated. Try again in ${inSeconds(refusal.waitMs)}.`,
        { retryAfterMs: refusal.waitMs },
      );
    case 'concurrency':
      return new GatewayError(
        'rate_limited',
        `This API key may have ${refusal.most} generations under way at once, and has them; nothing was generated. Try again when one of them has ended.`,
        { retryAfterMs: concurrencyWaitMs },
      );
    case 'budget':
      return new GatewayError(
        'insufficient_balance',
        'This request could cost more than is left of the budget of this API key; nothing was generated. Ask for less, or ask the operator.',
      );
    case 'budget_images':
      break;
  }
  return new GatewayError(
    'insufficient_balance',
    `This request asks for more images than are left of the ${refusal.most} this API key may make; nothing was generated. Ask for fewer, or ask the operator.`,
  );
}

/** As people read a wait. */
export function inSeconds(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds === 1 ? '1 second' : `${seconds} seconds`;
}
