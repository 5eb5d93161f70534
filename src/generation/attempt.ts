import type { Clock } from '../core/clock.ts';
import { UpstreamFault } from '../core/fault.ts';
import type { ImageRequest } from '../core/image-request.ts';
import type { CallResult } from '../core/image-result.ts';
import type { Log } from '../core/log.ts';
import type { Provider, ProviderContext, TaskProvider, Ticket } from '../core/provider.ts';
import type { CallChange } from '../core/record-store.ts';
import { routeLabel, type Route } from '../core/route.ts';
import type { UpstreamClient } from '../core/upstream-client.ts';
import { isRefusedQuestion, pollTask } from '../upstream/poll.ts';

/** What one attempt needs, handed in. */
export interface AttemptTools {
  providers: ReadonlyMap<string, Provider>;
  client: UpstreamClient;
  clock: Clock;
  /** 0 <= x < 1 */
  random: () => number;
  log: Log;
}

/** One way to make one call: by one route, under one id of ours. */
export interface Attempt {
  route: Route;
  /** Durable before the attempt begins. */
  ourId: string;
  signal: AbortSignal;
  /** Makes a step durable. Resolved before the next step begins. */
  save(change: CallChange): Promise<void>;
  /** Who looks on. */
  watch?: Watch | undefined;
}

/** What is to be shown while a call runs. */
export type Watch = Pick<ProviderContext, 'previews' | 'onImage'>;

/**
 * Asks the route for images, once. A submit whose answer was lost is looked up by our id. Faults are answers;
 * anything else thrown is our own mistake or the end of the process.
 */
export async function makeAttempt(
  attempt: Attempt,
  request: ImageRequest,
  /** The upstream has taken the work on; told before it is done, where the upstream says so. */
  onAccepted: () => void,
  tools: AttemptTools,
): Promise<CallResult | UpstreamFault> {
  const { route, ourId } = attempt;
  const provider = providerOf(route, tools);
  const context = contextOf(attempt, tools);
  const call = { request: { ...request, providerOptions: optionsFor(route, request) }, ourId };
  return await asFault(async () => {
    if (provider.kind === 'direct') return await provider.generate(call, context);
    const ticket = await submit(call, provider, context, tools);
    onAccepted();
    // Durable before the first poll, so that a restart collects the work.
    await attempt.save({ state: 'waiting', ticket });
    return await awaitTask(ticket, provider, context, tools);
  });
}

/**
 * Goes on with an attempt that a dead process left behind: by its ticket, or by our id where the upstream can look
 * one up. What was sent without either stays unknown.
 */
export async function collectAttempt(
  attempt: Omit<Attempt, 'ourId'>,
  held: { ticket: Ticket | undefined; ourId: string | undefined },
  tools: AttemptTools,
): Promise<CallResult | UpstreamFault> {
  const provider = providerOf(attempt.route, tools);
  const context = contextOf(attempt, tools);
  const lost = new UpstreamFault('unknown', { details: 'the process ended before the upstream answered' });
  if (provider.kind !== 'task') return lost;
  return await asFault(async () => {
    const { ourId } = held;
    const ticket =
      held.ticket ??
      (ourId === undefined ? undefined : await findLost(lost, ourId, provider, context, tools));
    if (ticket === undefined) throw lost;
    await attempt.save({ state: 'waiting', ticket });
    return await awaitTask(ticket, provider, context, tools);
  });
}

/** True: it may have left work behind that still runs. */
export function mayStillRun(route: Route, tools: Pick<AttemptTools, 'providers'>): boolean {
  return tools.providers.get(route.provider)?.kind === 'task';
}

async function submit(
  call: { request: ImageRequest; ourId: string },
  provider: TaskProvider,
  context: ProviderContext,
  tools: AttemptTools,
): Promise<Ticket> {
  try {
    return await provider.submit(call, context);
  } catch (thrown) {
    if (!(thrown instanceof UpstreamFault) || thrown.row.free) throw thrown;
    return await findLost(thrown, call.ourId, provider, context, tools);
  }
}

/** Pauses before each look-up of a submit whose answer was lost: it may be accepted a moment later. */
const lookupPausesMs = [250, 1000, 3000];
const firstRepeatMs = 500;
const longestRepeatMs = 30_000;
/** A look-up that is refused this often in a row will not be answered. */
const maxRefusals = 6;

/**
 * A submit whose answer was lost is found again by our id, not repeated. Our id is as good as a ticket, so only the
 * upstream's own word ends this: a look-up that is not answered is asked again until the signal ends (then its reason
 * is thrown). Throws the fault that stands when there is nothing to be found.
 */
async function findLost(
  lost: UpstreamFault,
  ourId: string,
  provider: TaskProvider,
  context: ProviderContext,
  tools: AttemptTools,
): Promise<Ticket> {
  if (provider.find === undefined) throw lost;
  let failures = 0;
  let refusals = 0;
  for (let absences = 0; absences < lookupPausesMs.length;) {
    const repeatMs = Math.min(firstRepeatMs * 2 ** failures, longestRepeatMs);
    const pauseMs = failures === 0 ? (lookupPausesMs[absences] ?? 0) : repeatMs;
    await tools.clock.sleep(pauseMs, context.signal);
    try {
      const ticket = await provider.find(ourId, context);
      if (ticket !== undefined) return ticket;
      absences += 1;
      failures = 0;
      refusals = 0;
    } catch (thrown) {
      context.signal.throwIfAborted();
      if (!(thrown instanceof UpstreamFault)) throw thrown;
      failures += 1;
      refusals = isRefusedQuestion(thrown) ? refusals + 1 : 0;
      const facts = { provider: provider.name, fault: thrown.kind, details: thrown.facts.details, failures };
      tools.log.warn(facts, 'A lost submit could not be looked up; it is asked for again.');
      if (refusals === maxRefusals) throw lost;
    }
  }
  throw new UpstreamFault('failed', {
    details: `never accepted: no task under our id (${lost.facts.details ?? lost.kind})`,
    cause: lost,
  });
}

async function awaitTask(
  ticket: Ticket,
  provider: TaskProvider,
  context: ProviderContext,
  tools: AttemptTools,
): Promise<CallResult> {
  const { clock, random, log } = tools;
  const end = await pollTask(provider, ticket, context, { clock, random, log });
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

function providerOf(route: Route, tools: AttemptTools): Provider {
  const provider = tools.providers.get(route.provider);
  if (provider === undefined)
    throw new Error(`no provider '${route.provider}' for route ${routeLabel(route)}`);
  return provider;
}

function contextOf({ route, signal, watch }: Omit<Attempt, 'ourId'>, tools: AttemptTools): ProviderContext {
  return { route, client: tools.client, signal, now: () => tools.clock.now(), ...watch };
}
