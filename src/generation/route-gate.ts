import type { Clock } from '../core/clock.ts';
import { makeFairQueue } from './fair-queue.ts';
import { makeImageWindow } from './image-window.ts';

/** What an upstream account allows of one model. Undefined: no limit of ours. */
export interface GateLimits {
  slots: number | undefined;
  imagesPerMinute: number | undefined;
}

/** What one call needs of a gate. */
export interface Demand {
  /** The API key it is made for: keys take turns. */
  keyId: string;
  /** Grows with each call of the process: within a key the smaller goes first, also when it comes a second time. */
  arrival: number;
  slots: number;
  images: number;
}

/** The slots of one call while it runs. */
export interface Pass {
  /**
   * Gives the slots back, the first time it is called. `unused`: surely nothing was sent, so its images do not count.
   * `throttled`: the upstream refused it for being asked too much, and asks for this wait, where it names one.
   */
  leave(how: 'used' | 'unused' | { throttledForMs: number | undefined }): void;
}

/** The way to one model of one upstream account: lets through what its limits allow. */
export interface RouteGate {
  /** Undefined: there is no room, or others wait already. */
  tryEnter(demand: Demand): Pass | undefined;
  /** Calls `admit` once, when it is this demand's turn. What is returned ends the waiting. */
  wait(demand: Demand, admit: (pass: Pass) => void): () => void;
  /** Takes slots whether there are any or not: for a task that runs at the upstream already. */
  hold(slots: number): Pass;
  /** How many slots are taken, and how many there are now; undefined: no limit is known. */
  load(): { inUse: number; slots: number | undefined };
  /** The wait that is certain now, whoever leaves, ms. */
  leastWaitMs(images: number): number;
}

/** After a throttling answer that names no wait; at each further one twice as long. */
const firstPauseMs = 1_000;
const longestPauseMs = 60_000;
/** What was learnt about the slots grows by half this often, so that it is forgotten. */
const growEveryMs = 15_000;
const growBy = 1.5;
/** More slots than these are as good as no limit. */
const forgottenSlots = 1_000;

interface Waiting {
  keyId: string;
  arrival: number;
  demand: Demand;
  admit: (pass: Pass) => void;
}

/**
 * Whose turn it is goes first, and nobody overtakes: a call that needs four slots would otherwise never find them free
 * among many that need one. One that needs more than there are goes alone.
 *
 * An upstream that throttles in spite of our limits, or because we were told none, pauses the gate for the wait it asks for, and no
 * more is sent at once than was under way then, until that has grown again: upstreams do not tell their slots, and
 * asking them in vain is what gets accounts blocked.
 */
export function makeRouteGate(limits: GateLimits, tools: { clock: Clock; random: () => number }): RouteGate {
  const { clock, random } = tools;
  const queue = makeFairQueue<Waiting>();
  const window = limits.imagesPerMinute === undefined ? undefined : makeImageWindow(limits.imagesPerMinute);
  let slotsInUse = 0;
  let learnt: { slots: number; atMs: number } | undefined;
  let pause: { fromMs: number; ms: number } | undefined;
  let pausesInARow = 0;
  let alarm: AbortController | undefined;

  function slotsNow(): number {
    if (learnt === undefined) return limits.slots ?? Number.POSITIVE_INFINITY;
    learnt.atMs = Math.min(learnt.atMs, clock.now());
    const steps = Math.floor((clock.now() - learnt.atMs) / growEveryMs);
    const slots = Math.ceil(learnt.slots * growBy ** steps);
    if (slots >= Math.min(limits.slots ?? forgottenSlots, forgottenSlots)) learnt = undefined;
    return learnt === undefined ? slotsNow() : slots;
  }

  function pauseLeftMs(): number {
    if (pause === undefined) return 0;
    pause.fromMs = Math.min(pause.fromMs, clock.now());
    return Math.max(0, pause.fromMs + pause.ms - clock.now());
  }

  function leastWaitMs(images: number): number {
    return Math.max(pauseLeftMs(), window?.waitMs(images, clock.now()) ?? 0);
  }

  /** 0: now. Infinity: only when somebody leaves. */
  function waitMsOf(demand: Demand): number {
    const hasRoom = slotsInUse === 0 || slotsInUse + demand.slots <= slotsNow();
    if (hasRoom) return leastWaitMs(demand.images);
    return learnt === undefined
      ? Number.POSITIVE_INFINITY
      : growEveryMs - ((clock.now() - learnt.atMs) % growEveryMs);
  }

  function take(slots: number, images: number): Pass {
    const takenAtMs = clock.now();
    const takeBack = window?.add(images, takenAtMs);
    let hasLeft = false;
    slotsInUse += slots;
    return {
      leave(how) {
        if (hasLeft) return;
        hasLeft = true;
        slotsInUse -= slots;
        if (how === 'unused') takeBack?.();
        else if (how === 'used') pausesInARow = pauseLeftMs() > 0 ? pausesInARow : 0;
        else learn(takenAtMs, how.throttledForMs);
        pump();
      },
    };
  }

  /** What a throttling answer teaches. Those sent before the last one came belong to the same burst. */
  function learn(takenAtMs: number, askedMs: number | undefined): void {
    const nowMs = clock.now();
    learnt = { slots: Math.max(1, Math.min(slotsInUse, slotsNow())), atMs: nowMs };
    if (pause === undefined || takenAtMs >= pause.fromMs + pause.ms) pausesInARow += 1;
    const usualMs = Math.min(firstPauseMs * 2 ** (pausesInARow - 1), longestPauseMs) * (0.75 + random() / 2);
    const ms = Math.max(usualMs, askedMs ?? 0, pauseLeftMs());
    pause = { fromMs: nowMs, ms };
  }

  function pump(): void {
    alarm?.abort();
    alarm = undefined;
    for (let head = queue.head(); head !== undefined; head = queue.head()) {
      const waitMs = waitMsOf(head.demand);
      if (waitMs > 0) {
        if (Number.isFinite(waitMs)) ring(waitMs);
        return;
      }
      queue.shift();
      head.admit(take(head.demand.slots, head.demand.images));
    }
  }

  /** Looks again after a while, whether or not somebody leaves. */
  function ring(ms: number): void {
    alarm?.abort();
    const set = new AbortController();
    alarm = set;
    clock.sleep(ms, set.signal).then(pump, () => undefined);
  }

  return {
    tryEnter(demand) {
      if (queue.head() !== undefined || waitMsOf(demand) > 0) return undefined;
      return take(demand.slots, demand.images);
    },
    wait(demand, admit) {
      const waiting: Waiting = { keyId: demand.keyId, arrival: demand.arrival, demand, admit };
      queue.add(waiting);
      pump();
      return () => {
        queue.remove(waiting);
        pump();
      };
    },
    hold: (slots) => take(slots, 0),
    load() {
      const slots = slotsNow();
      return { inUse: slotsInUse, slots: Number.isFinite(slots) ? slots : undefined };
    },
    leastWaitMs,
  };
}
