import { UpstreamFault, toGatewayError } from '../core/fault.ts';
import type { ImageRequest } from '../core/image-request.ts';
import type { CallResult } from '../core/image-result.ts';
import type { Meter } from '../core/meter.ts';
import type { Ticket } from '../core/provider.ts';
import type { CallChange } from '../core/record-store.ts';
import type { TriedRoute } from '../core/record.ts';
import { routeLabel, type Route } from '../core/route.ts';
import { collectAttempt, makeAttempt, mayStillRun, type AttemptTools, type Watch } from './attempt.ts';
import type { Trial } from './circuit-breaker.ts';
import type { RetryBudget } from './retry-budget.ts';
import type { Pass } from './route-gate.ts';
import { demandOf, sentBy, type HeadStart } from './head-start.ts';
import type { CallDemand, RouteGates } from './route-gates.ts';
import type { RouteCalls } from './route-calls.ts';
import { routeKey, type RouteHealth } from './route-health.ts';

/** What calling an upstream needs, handed in. */
export interface CallTools extends AttemptTools {
  health: RouteHealth;
  gates: RouteGates;
  retries: RetryBudget;
  meter: Pick<Meter, 'upstreamCalled'>;
  routeCalls: Pick<RouteCalls, 'note'>;
  /** Aborted when nothing new may be sent any more: what waits for its turn ends unsent. */
  draining: AbortSignal;
}

/** One call to be made. */
export interface CallOrder {
  generationId: string;
  number: number;
  /** The API key it is made for. */
  keyId: string;
  /** With this call's own n and seed. */
  request: ImageRequest;
  /** Images it may bring. */
  images: number;
  /** In order of preference; at least one. */
  routes: readonly Route[];
  /** The caller is answered at this moment, ms since 1970: nothing is sent any more. */
  deadlineMs: number;
  /** Ends the work altogether, long after the deadline: what was paid for is still collected in between. */
  signal: AbortSignal;
  /** Makes a step durable. Resolved before the next step begins. */
  save(change: CallChange): Promise<void>;
  /** Who looks on when this route is asked. */
  watch?: ((route: Route) => Watch) | undefined;
  /** The call was opened as sent. */
  headStart?: HeadStart | undefined;
}

/** How a call ended. `route` is the one that made it, or the last tried; undefined: none was asked. */
export type CallOutcome =
  | { kind: 'made'; result: CallResult; route: Route; attempts: number; tried: readonly TriedRoute[] }
  | {
      kind: 'failed';
      fault: UpstreamFault;
      route: Route | undefined;
      attempts: number;
      tried: readonly TriedRoute[];
    };

/** One route as one call sees it. */
interface Lane {
  route: Route;
  attempts: number;
  /** Its back-off ends then, ms since 1970. */
  notBeforeMs: number;
  /** Not asked again by this call. */
  isDone: boolean;
}

/** Attempts by one route before it is given up. */
const maxAttempts = 4;
const firstBackoffMs = 1_000;
/** What is left of the time for telling the caller that nothing was sent. */
const answerPart = 0.05;
const maxAnswerMs = 1_000;
/** Told to a caller where nothing better is known about the wait. */
const usualWaitMs = 5_000;

/**
 * Makes one call: by the first of its routes that is in service and has room, again by it or by another only where
 * the earlier attempt was surely free (core/fault.ts `resend`, public-api.md section 4.5). Never throws for an
 * upstream's failure.
 */
export async function runCall(order: CallOrder, tools: CallTools): Promise<CallOutcome> {
  const { clock } = tools;
  const lanes = order.routes.map((route): Lane => ({ route, attempts: 0, notBeforeMs: 0, isDone: false }));
  const demand = order.headStart?.demand ?? demandOf(order, tools);
  const answerMs = Math.min(maxAnswerMs, (order.deadlineMs - clock.now()) * answerPart);
  const waiting = { untilMs: order.deadlineMs - answerMs, ends: [order.signal, tools.draining] };
  const tried: TriedRoute[] = [];
  let last: { fault: UpstreamFault; route: Route } | undefined;
  for (let head = order.headStart; ; head = undefined) {
    let turn: Turn | undefined;
    let isSaved = false;
    try {
      turn = head === undefined ? undefined : await turnOf(head, lanes, waiting.untilMs, order, tools);
      isSaved = turn !== undefined;
      turn ??= await nextTurn(lanes, demand, waiting, tools);
    } catch (reason) {
      // The end of the process is no answer; its beginning is: what was not sent will not be.
      if (order.signal.aborted || !tools.draining.aborted) throw reason;
      return { kind: 'failed', ...drained(last?.route), attempts: tried.length, tried };
    }
    if (turn === undefined) break;
    const { lane } = turn;
    const startedAtMs = clock.now();
    const ended = await takeTurn(turn, isSaved, order, tried, tools);
    tellEnd(lane.route, ended, clock.now() - startedAtMs, tools);
    if (!(ended instanceof UpstreamFault)) {
      tried.push(traceOf(lane.route, 'ok', clock.now()));
      return { kind: 'made', result: ended, route: lane.route, attempts: tried.length, tried };
    }
    tried.push(traceOf(lane.route, ended, clock.now()));
    note(order, lane.route, ended, tools);
    // The one that a caller can wait for says more than an operator's, which may have come after it.
    if (last?.fault.row.resend !== 'here' || ended.row.resend !== 'next') {
      last = { fault: ended, route: lane.route };
    }
    if (ended.row.resend === 'never') return { kind: 'failed', ...last, attempts: tried.length, tried };
    judge(lane, ended, tools);
    if (lanes.every((lane) => lane.isDone)) break;
    // Surely unsent: a restart during the wait must not take it for an unknown outcome.
    await order.save({ state: 'open', attempts: tried.length, tried: [...tried] });
  }
  const failure = last ?? unsent(order, tools);
  return { kind: 'failed', ...withWait(failure, order, tools), attempts: tried.length, tried };
}

/** The turn that was taken before the call was recorded; undefined: it took too long, or the process ends. */
async function turnOf(
  head: HeadStart,
  lanes: readonly Lane[],
  untilMs: number,
  order: CallOrder,
  { clock, draining }: CallTools,
): Promise<Turn | undefined> {
  const lane = lanes.find(({ route }) => route === head.route);
  const isOver = order.signal.aborted || draining.aborted || clock.now() >= untilMs;
  if (lane !== undefined && !isOver) return { lane, ...head.take() };
  head.giveBack();
  // Surely unsent: the next start must not take it for an unknown outcome.
  await order.save({ state: 'open', attempts: 0 });
  return undefined;
}

/**
 * Slots for a call that a dead process sent and that may still run at its upstream. Taken for all of them before
 * anything new is sent: the upstream counts them already.
 */
export function holdSlots(route: Route, images: number, tools: CallTools): Pass | undefined {
  return mayStillRun(route, tools) ? tools.gates.hold(route, images) : undefined;
}

/**
 * Goes on with a call that a dead process left behind: by its ticket, or by our id where the upstream can look
 * one up. What was sent without either stays unknown and is not sent again.
 */
export async function collectCall(
  order: Pick<CallOrder, 'signal' | 'save'> & {
    route: Route;
    attempts: number;
    /** Before the attempt that is collected. */
    tried: readonly TriedRoute[];
    /** From `holdSlots`; left when the task has ended. */
    pass: Pass | undefined;
  },
  held: { ticket: Ticket | undefined; ourId: string | undefined },
  tools: CallTools,
): Promise<CallOutcome> {
  const { route, attempts } = order;
  const trace = (outcome: UpstreamFault | 'ok') => [
    ...order.tried,
    traceOf(route, outcome, tools.clock.now()),
  ];
  try {
    const ended = await collectAttempt(order, held, tools);
    tellEnd(route, ended, undefined, tools);
    return ended instanceof UpstreamFault
      ? { kind: 'failed', fault: ended, route, attempts, tried: trace(ended) }
      : { kind: 'made', result: ended, route, attempts, tried: trace('ok') };
  } finally {
    order.pass?.leave('used');
  }
}

/** Leave to ask one route now. Its pass and its trial are to be ended, however that goes. */
interface Turn {
  lane: Lane;
  pass: Pass;
  trial: Trial;
}

/**
 * Waits until a route may be asked. Undefined: none may within the time. Waiting is free; it rejects with the
 * reason of the first of `ends`. They become one signal only where something is waited for: most calls go at once.
 */
async function nextTurn(
  lanes: readonly Lane[],
  demand: CallDemand,
  { untilMs, ends }: { untilMs: number; ends: readonly AbortSignal[] },
  { clock, health, gates }: CallTools,
): Promise<Turn | undefined> {
  for (;;) {
    for (const end of ends) end.throwIfAborted();
    const nowMs = clock.now();
    if (nowMs >= untilMs) return undefined;
    const left = lanes.filter((lane) => !lane.isDone);
    const inService = left.filter(({ route }) => health.markOf(route) === undefined);
    // A route whose certain wait is longer than the time left is not worth waiting for.
    const inTime = inService.filter(
      ({ route, notBeforeMs }) =>
        Math.max(notBeforeMs, nowMs + gates.leastWaitMs(route, demand.images)) < untilMs,
    );
    const ready = inTime.filter(({ notBeforeMs }) => notBeforeMs <= nowMs);
    const nextMs = Math.min(
      untilMs,
      ...inTime.filter((lane) => !ready.includes(lane)).map((lane) => lane.notBeforeMs),
    );
    if (ready.length > 0) {
      const routes = ready.map(({ route }) => route);
      const entered =
        gates.tryEnterAny(routes, demand) ??
        (await gates.enterAny(routes, demand, nextMs, AbortSignal.any([...ends])));
      if (entered === undefined) continue;
      const { route, pass } = entered;
      const lane = ready.find((lane) => lane.route === route);
      const trial = health.begin(route);
      if (lane !== undefined && trial !== undefined) return { lane, pass, trial };
      // It went out of service while we waited.
      pass.leave('unused');
    } else if (inTime.length > 0) {
      await clock.sleep(nextMs - nowMs, AbortSignal.any([...ends]));
    } else {
      const probed = left.filter(({ route }) => health.isProbed(route));
      if (probed.length === 0) return undefined;
      const patience = probed.map(({ route }) => health.markOf(route)?.leftMs ?? 0);
      await firstOf(health.probeEnded(), Math.min(untilMs - nowMs, ...patience), ends, clock);
    }
  }
}

/** Resolves with the event, or after `ms`. */
async function firstOf(
  event: Promise<void>,
  ms: number,
  ends: readonly AbortSignal[],
  clock: CallTools['clock'],
): Promise<void> {
  const timer = new AbortController();
  const slept = clock.sleep(ms, AbortSignal.any([...ends, timer.signal]));
  slept.catch(() => undefined);
  await Promise.race([event, slept]);
  timer.abort();
}

/** Asks one route once; `isSaved`: the record says so already. Slots and trial end with it, whatever is thrown. */
async function takeTurn(
  { lane, pass, trial }: Turn,
  isSaved: boolean,
  order: CallOrder,
  tried: readonly TriedRoute[],
  tools: CallTools,
): Promise<CallResult | UpstreamFault> {
  const { route } = lane;
  let ended: CallResult | UpstreamFault | undefined;
  try {
    if (lane.attempts === 0) tools.retries.noteCall(routeKey(route));
    lane.attempts += 1;
    const sent = sentBy(route, order, tried);
    if (!isSaved) await order.save(sent);
    ended = await makeAttempt(
      {
        route,
        ourId: sent.ourId,
        signal: order.signal,
        save: (change) => order.save(change),
        watch: order.watch?.(route),
      },
      order.request,
      () => trial.end('worked'),
      tools,
    );
    return ended;
  } finally {
    const fault = ended instanceof UpstreamFault ? ended : undefined;
    trial.end(fault?.kind ?? (ended === undefined ? 'abandoned' : 'worked'));
    pass.leave(
      fault?.kind === 'throttled'
        ? { throttledForMs: fault.facts.waitMs }
        : fault?.kind === 'not_sent'
          ? 'unused'
          : 'used',
    );
  }
}

/**
 * What a free fault means for its route. A throttled call waits at the gate, which paces all of them; other retries
 * are taken from the route's budget.
 */
function judge(lane: Lane, fault: UpstreamFault, tools: CallTools): void {
  const mayRetry =
    fault.row.resend === 'here' &&
    lane.attempts < maxAttempts &&
    (fault.kind === 'throttled' || tools.retries.takeRetry(routeKey(lane.route)));
  lane.isDone = !mayRetry;
  if (fault.kind === 'throttled') return;
  const backoffMs = firstBackoffMs * 2 ** (lane.attempts - 1) * (0.75 + tools.random() / 2);
  lane.notBeforeMs = tools.clock.now() + Math.max(backoffMs, fault.facts.waitMs ?? 0);
}

/** Nothing was sent: no route came into service, or none had room in time. */
function unsent(order: CallOrder, tools: CallTools): { fault: UpstreamFault; route: undefined } {
  const marks = order.routes.map((route) => tools.health.markOf(route));
  const [mark] = marks.filter((mark) => mark !== undefined);
  const fault =
    mark !== undefined && !marks.includes(undefined)
      ? new UpstreamFault(mark.kind, {
          details: 'every route was out of service before this call was sent',
          waitMs: mark.leftMs,
        })
      : new UpstreamFault('throttled', {
          message:
            'All places at the image service were taken until the time for this request was over; nothing was generated. Try again after the wait given.',
          details: 'not sent: no room at the gate of any route within the deadline',
        });
  return { fault, route: undefined };
}

function drained(route: Route | undefined): { fault: UpstreamFault; route: Route | undefined } {
  const message = 'This server is shutting down; nothing was generated. Send the request again.';
  return { fault: new UpstreamFault('not_sent', { message, details: 'draining: not sent' }), route };
}

/** A throttled caller is told when it is worth coming back. */
function withWait<T extends { fault: UpstreamFault }>(failure: T, order: CallOrder, tools: CallTools): T {
  const { kind, facts } = failure.fault;
  if (kind !== 'throttled') return failure;
  const leastMs = Math.min(...order.routes.map((route) => tools.gates.leastWaitMs(route, order.images)));
  const waitMs = Math.max(facts.waitMs ?? 0, leastMs) || usualWaitMs;
  return { ...failure, fault: new UpstreamFault(kind, { ...facts, waitMs }) };
}

/** `tookMs` undefined: a dead process began it. */
function tellEnd(
  route: Route,
  ended: CallResult | UpstreamFault,
  tookMs: number | undefined,
  { meter, routeCalls }: Pick<CallTools, 'meter' | 'routeCalls'>,
): void {
  const fault = ended instanceof UpstreamFault ? ended : undefined;
  meter.upstreamCalled(route, fault?.kind ?? 'ok');
  routeCalls.note(route, fault, tookMs);
}

function traceOf(route: Route, ended: UpstreamFault | 'ok', atMs: number): TriedRoute {
  if (ended === 'ok') return { route: routeLabel(route), outcome: ended, atMs };
  const { details } = ended.facts;
  return {
    route: routeLabel(route),
    outcome: ended.kind,
    atMs,
    ...(details === undefined ? {} : { details }),
  };
}

function note(order: CallOrder, route: Route, fault: UpstreamFault, tools: CallTools): void {
  tools.log.warn(
    {
      generation: order.generationId,
      call: order.number,
      route: routeLabel(route),
      fault: fault.kind,
      reason: toGatewayError(fault).reason,
      details: fault.facts.details,
    },
    'A call to an upstream failed.',
  );
}
