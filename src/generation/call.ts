import type { Clock } from '../core/clock.ts';
import { UpstreamFault, toGatewayError } from '../core/fault.ts';
import type { ImageRequest } from '../core/image-request.ts';
import type { CallResult } from '../core/image-result.ts';
import type { Log } from '../core/log.ts';
import type { Provider, ProviderContext, TaskProvider, Ticket } from '../core/provider.ts';
import type { CallChange } from '../core/record-store.ts';
import type { TriedRoute } from '../core/record.ts';
import { routeLabel, type Route } from '../core/route.ts';
import type { UpstreamClient } from '../core/upstream-client.ts';
import { pollTask } from '../upstream/poll.ts';
import type { RouteHealth } from './route-health.ts';

/** What calling an upstream needs, handed in. */
export interface CallTools {
  providers: ReadonlyMap<string, Provider>;
  client: UpstreamClient;
  health: RouteHealth;
  clock: Clock;
  /** 0 <= x < 1 */
  random: () => number;
  log: Log;
}

/** One call to be made. */
export interface CallOrder {
  generationId: string;
  number: number;
  /** With this call's own n and seed. */
  request: ImageRequest;
  /** In order of preference; at least one. */
  routes: readonly Route[];
  /** No resending after this moment, ms since 1970. */
  deadlineMs: number;
  /** Ends the work altogether, long after the deadline: what was paid for is still collected in between. */
  signal: AbortSignal;
  /** Makes a step durable. Resolved before the next step begins. */
  save(change: CallChange): Promise<void>;
}

/** How a call ended. `route` is the one that made it, or the last tried. */
export type CallOutcome =
  | { kind: 'made'; result: CallResult; route: Route; attempts: number }
  | { kind: 'failed'; fault: UpstreamFault; route: Route; attempts: number };

/** Rounds through the routes before a throttled call gives up. */
const maxRounds = 4;
const firstBackoffMs = 1000;

/**
 * Makes one call: tries the routes in order, and again after a wait, but only where the earlier attempt was
 * surely free (core/fault.ts `resend`, public-api.md section 4.5). Never throws for an upstream's failure.
 */
export async function runCall(order: CallOrder, tools: CallTools): Promise<CallOutcome> {
  const tried: TriedRoute[] = [];
  let last: { fault: UpstreamFault; route: Route } | undefined;
  for (let round = 0; round < maxRounds; round += 1) {
    const waits: number[] = [];
    for (const route of order.routes) {
      if (tools.health.markOf(route) !== undefined) continue;
      const ourId = `${order.generationId}-${order.number}-${tried.length + 1}`;
      await order.save({
        state: 'sent',
        route: routeLabel(route),
        ourId,
        attempts: tried.length + 1,
        tried: [...tried],
      });
      const outcome = await attempt(order, route, ourId, tools);
      if (!(outcome instanceof UpstreamFault))
        return { kind: 'made', result: outcome, route, attempts: tried.length + 1 };
      tried.push(traceOf(route, outcome, tools.clock.now()));
      note(order, route, outcome, tools);
      last = { fault: outcome, route };
      if (outcome.row.resend === 'never') return { kind: 'failed', ...last, attempts: tried.length };
      if (outcome.row.resend === 'here') waits.push(waitOf(outcome, round, tools.random));
    }
    const waitMs = Math.min(...waits);
    if (!Number.isFinite(waitMs) || round === maxRounds - 1 || tools.clock.now() + waitMs >= order.deadlineMs)
      break;
    await tools.clock.sleep(waitMs, order.signal);
  }
  if (last === undefined) throw new Error('a call without a usable route was planned');
  return { kind: 'failed', ...last, attempts: tried.length };
}

/**
 * Goes on with a call that a dead process left behind: by its ticket, or by our id where the upstream can look
 * one up. What was sent without either stays unknown and is not sent again.
 */
export async function collectCall(
  order: Omit<CallOrder, 'request' | 'routes' | 'deadlineMs'> & { route: Route; attempts: number },
  held: { ticket: Ticket | undefined; ourId: string | undefined },
  tools: CallTools,
): Promise<CallOutcome> {
  const { route, attempts } = order;
  const provider = providerOf(route, tools);
  const fault = new UpstreamFault('unknown', { details: 'the process ended before the upstream answered' });
  if (provider.kind !== 'task') return { kind: 'failed', fault, route, attempts };
  const outcome = await asFault(async () => {
    const ticket =
      held.ticket ??
      (held.ourId === undefined
        ? undefined
        : await findLost(fault, held.ourId, provider, order, route, tools));
    if (ticket === undefined) throw fault;
    await order.save({ state: 'waiting', ticket });
    return await awaitTask(ticket, provider, contextOf(order, route, tools), tools);
  });
  return outcome instanceof UpstreamFault
    ? { kind: 'failed', fault: outcome, route, attempts }
    : { kind: 'made', result: outcome, route, attempts };
}

async function attempt(
  order: CallOrder,
  route: Route,
  ourId: string,
  tools: CallTools,
): Promise<CallResult | UpstreamFault> {
  const provider = providerOf(route, tools);
  const context = contextOf(order, route, tools);
  const call = { request: { ...order.request, providerOptions: optionsFor(route, order.request) }, ourId };
  return await asFault(async () => {
    if (provider.kind === 'direct') return await provider.generate(call, context);
    const ticket = await submit(call, provider, context, order, tools);
    // Durable before the first poll, so that a restart collects the work.
    await order.save({ state: 'waiting', ticket });
    return await awaitTask(ticket, provider, context, tools);
  });
}

async function submit(
  call: { request: ImageRequest; ourId: string },
  provider: TaskProvider,
  context: ProviderContext,
  order: CallOrder,
  tools: CallTools,
): Promise<Ticket> {
  try {
    return await provider.submit(call, context);
  } catch (thrown) {
    if (!(thrown instanceof UpstreamFault) || thrown.row.free) throw thrown;
    return await findLost(thrown, call.ourId, provider, order, context.route, tools);
  }
}

/** Pauses before each look-up of a submit whose answer was lost: it may be accepted a moment later. */
const lookupPausesMs = [250, 1000, 3000];

/** A submit whose answer was lost is found again by our id, not repeated. Throws the fault that stands when it is not. */
async function findLost(
  lost: UpstreamFault,
  ourId: string,
  provider: TaskProvider,
  order: { signal: AbortSignal; generationId: string; number: number },
  route: Route,
  tools: CallTools,
): Promise<Ticket> {
  if (provider.find === undefined) throw lost;
  let answered = false;
  for (const pauseMs of lookupPausesMs) {
    await tools.clock.sleep(pauseMs, order.signal);
    try {
      const ticket = await provider.find(ourId, contextOf(order, route, tools));
      if (ticket !== undefined) return ticket;
      answered = true;
    } catch (thrown) {
      if (!(thrown instanceof UpstreamFault)) throw thrown;
      answered = false;
    }
  }
  if (!answered) throw lost;
  throw new UpstreamFault('failed', {
    details: `never accepted: no task under our id (${lost.facts.details ?? lost.kind})`,
    cause: lost,
  });
}

async function awaitTask(
  ticket: Ticket,
  provider: TaskProvider,
  context: ProviderContext,
  tools: CallTools,
): Promise<CallResult> {
  const end = await pollTask(provider, ticket, context, {
    clock: tools.clock,
    random: tools.random,
    log: tools.log,
  });
  if (end.state === 'failed') throw end.fault;
  return end.result;
}

/** A route's provider sees only the options meant for it. */
function optionsFor(route: Route, request: ImageRequest): Readonly<Record<string, unknown>> {
  const options = request.providerOptions[route.provider];
  return typeof options === 'object' && options !== null ? { ...options } : {};
}

/** Only faults are answers; anything else thrown is our own mistake or the end of the process. */
async function asFault(work: () => Promise<CallResult>): Promise<CallResult | UpstreamFault> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof UpstreamFault) return thrown;
    throw thrown;
  }
}

function providerOf(route: Route, tools: CallTools): Provider {
  const provider = tools.providers.get(route.provider);
  if (provider === undefined)
    throw new Error(`no provider '${route.provider}' for route ${routeLabel(route)}`);
  return provider;
}

function contextOf(order: { signal: AbortSignal }, route: Route, tools: CallTools): ProviderContext {
  return { route, client: tools.client, signal: order.signal, now: () => tools.clock.now() };
}

function waitOf(fault: UpstreamFault, round: number, random: () => number): number {
  const backoffMs = firstBackoffMs * 2 ** round * (0.75 + random() / 2);
  return Math.max(backoffMs, fault.facts.waitMs ?? 0);
}

function traceOf(route: Route, fault: UpstreamFault, atMs: number): TriedRoute {
  const { details } = fault.facts;
  return {
    route: routeLabel(route),
    outcome: fault.kind,
    atMs,
    ...(details === undefined ? {} : { details }),
  };
}

/** An operator's fault upstream is loud; the rest is a line. */
function note(order: CallOrder, route: Route, fault: UpstreamFault, tools: CallTools): void {
  const facts = {
    generation: order.generationId,
    call: order.number,
    route: routeLabel(route),
    fault: fault.kind,
    reason: toGatewayError(fault).reason,
    details: fault.facts.details,
  };
  if (tools.health.note(route, fault)) {
    tools.log.error(
      facts,
      `Route ${routeLabel(route)} is out of service: ${fault.row.reason}. Look at its credential, balance and model id.`,
    );
  } else {
    tools.log.warn(facts, 'A call to an upstream failed.');
  }
}
