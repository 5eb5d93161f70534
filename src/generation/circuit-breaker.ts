import { faultTable, type FaultKind } from '../core/fault.ts';

/** Why a route is out of service. */
export interface RouteMark {
  kind: FaultKind;
  /** How long it stays out at least, from now, ms. */
  leftMs: number;
}

/** How a call on a route ended, as far as the route's health is concerned. */
export type TrialEnd =
  | 'worked'
  /** For a reason that says nothing about the route, e.g. the end of this process. */
  | 'abandoned'
  | FaultKind;

/** Leave to make one call. */
export interface Trial {
  /** Tells how it ended; only the first time counts. */
  end(how: TrialEnd): void;
}

/** Keeps calls away from a route that does not work, and lets one through now and then to see whether it does again. */
export interface CircuitBreaker {
  /** Undefined: the route may be asked now. */
  mark(): RouteMark | undefined;
  /** Undefined: it may not, exactly when there is a mark. */
  begin(): Trial | undefined;
  /** True while one call finds out whether the route works again. */
  isProbed(): boolean;
  /** Why it is open, also while it is tried again; undefined: it is closed. */
  cause(): FaultKind | undefined;
}

/** What a breaker tells about itself. */
export interface BreakerChange {
  state: 'opened' | 'closed';
  kind: FaultKind;
  coolDownMs: number;
}

type Meaning = 'works' | 'fails' | 'nothing';

/**
 * Only failures that were surely free and are nobody's request's fault open a breaker. Whether an unknown outcome is
 * the upstream's failure is as unknown as the outcome. What refuses a caller's content, or for being asked too often,
 * works; too many questions are the gate's business.
 */
const meanings: Record<FaultKind, Meaning> = {
  not_sent: 'fails',
  overloaded: 'fails',
  auth: 'fails',
  billing: 'fails',
  quota: 'fails',
  misconfigured: 'fails',
  throttled: 'works',
  content: 'works',
  parameter: 'works',
  failed: 'works',
  bad_reply: 'nothing',
  unknown: 'nothing',
};

/** So many failures one after the other, or so many of the last so many, open the breaker. */
const maxInARow = 5;
const maxFailures = 10;
const remembered = 20;

/** Of an outage: the first probe comes soon, the later ones at twice the distance each. */
const firstCoolDownMs = 5_000;
const longestCoolDownMs = 120_000;
/** Of what only a person can mend: the first probe after this part of its row's `markMs`, then at twice the distance each, up to it. */
const firstMarkPart = 1 / 8;
/** A probe that has not ended after so long lets another one pass. */
const probePatienceMs = 60_000;

type State =
  | { kind: 'closed'; recent: readonly boolean[] }
  | { kind: 'open'; cause: FaultKind; coolDownMs: number; sinceMs: number }
  | { kind: 'probed'; cause: FaultKind; coolDownMs: number; sinceMs: number; probe: Trial };

/**
 * Closed, it counts; a credential, balance or model id that was refused opens it at once. Open, it lets nobody pass
 * until its cool-down has ended, then one probe: a call like any other, whose caller has nothing better to try.
 */
export function makeCircuitBreaker(
  now: () => number,
  onChange: (change: BreakerChange) => void,
): CircuitBreaker {
  let state: State = { kind: 'closed', recent: [] };

  function mark(): RouteMark | undefined {
    if (state.kind === 'closed') return undefined;
    // A clock that was set back must not keep a route out of service for the difference.
    state.sinceMs = Math.min(state.sinceMs, now());
    const waitMs = state.kind === 'open' ? state.coolDownMs : probePatienceMs;
    const leftMs = state.sinceMs + waitMs - now();
    return leftMs > 0 ? { kind: state.cause, leftMs } : undefined;
  }

  function open(cause: FaultKind, coolDownMs: number): void {
    state = { kind: 'open', cause, coolDownMs, sinceMs: now() };
  }

  function endOf(trial: Trial, wasProbe: boolean, how: TrialEnd): void {
    const kind = how === 'worked' || how === 'abandoned' ? undefined : how;
    const meaning = how === 'worked' ? 'works' : kind === undefined ? 'nothing' : meanings[kind];
    if (state.kind === 'closed') {
      if (meaning === 'nothing') return;
      const recent = [...state.recent, meaning === 'works'].slice(-remembered);
      state = { kind: 'closed', recent };
      if (kind === undefined || meaning === 'works' || !(isMark(kind) || isTooMuch(recent))) return;
      open(kind, firstOf(kind));
      onChange({ state: 'opened', kind, coolDownMs: firstOf(kind) });
    } else if (meaning === 'works') {
      if (!wasProbe) return;
      onChange({ state: 'closed', kind: state.cause, coolDownMs: 0 });
      state = { kind: 'closed', recent: [] };
    } else if (state.kind === 'probed' && state.probe === trial) {
      const { cause, coolDownMs } = state;
      const known = meaning === 'fails' && kind !== undefined ? kind : cause;
      open(known, Math.min(Math.max(coolDownMs * 2, firstOf(known)), longestOf(known)));
      // Its leave is given back: the next call is the probe.
      if (how === 'abandoned') state = { kind: 'open', cause, coolDownMs, sinceMs: now() - coolDownMs };
    }
  }

  return {
    mark,
    begin() {
      if (mark() !== undefined) return undefined;
      const wasProbe = state.kind !== 'closed';
      let hasEnded = false;
      const trial: Trial = {
        end(how) {
          if (hasEnded) return;
          hasEnded = true;
          endOf(trial, wasProbe, how);
        },
      };
      if (state.kind !== 'closed') {
        const { cause, coolDownMs } = state;
        state = { kind: 'probed', cause, coolDownMs, sinceMs: now(), probe: trial };
      }
      return trial;
    },
    isProbed: () => state.kind === 'probed' && mark() !== undefined,
    cause: () => (state.kind === 'closed' ? undefined : state.cause),
  };
}

function isTooMuch(recent: readonly boolean[]): boolean {
  const failures = recent.filter((works) => !works).length;
  return (recent.length >= maxInARow && !recent.slice(-maxInARow).includes(true)) || failures >= maxFailures;
}

/** True: no call can work until a person has acted. */
function isMark(kind: FaultKind): boolean {
  return markMsOf(kind) !== undefined;
}

function firstOf(kind: FaultKind): number {
  const markMs = markMsOf(kind);
  return markMs === undefined ? firstCoolDownMs : markMs * firstMarkPart;
}

function longestOf(kind: FaultKind): number {
  return markMsOf(kind) ?? longestCoolDownMs;
}

function markMsOf(kind: FaultKind): number | undefined {
  const row = faultTable[kind];
  return 'markMs' in row ? row.markMs : undefined;
}
