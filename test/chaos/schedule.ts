import type { InjectedFault } from '../../src/sandbox/kit.ts';
import { makeRandom, type Random } from './random.ts';

/** What happens in one round; nothing here depends on anything but the seed and the round's number. */
export interface Round {
  number: number;
  requests: readonly PlannedRequest[];
  upsets: readonly Upset[];
}

/** One purchase a caller wants to make. */
export interface PlannedRequest {
  /** Unique in its run, part of the prompt, and never part of another marker: how ledgers, faults and records are matched. */
  marker: string;
  round: number;
  /** Which of the keys asks. */
  key: number;
  model: ModelName;
  provider: ProviderName;
  body: Readonly<Record<string, unknown>>;
  /** Input pictures to be sent along. */
  inputs: number;
  /** The most images that may be charged for it, however often it is sent. */
  images: number;
  caller: Caller;
  /** Within the round, ms. */
  startAfterMs: number;
  /** The caller deletes the record once it has it. */
  deletes: boolean;
  fault: UpstreamTrouble | undefined;
}

export type Caller =
  /** Sends once. */
  | { kind: 'plain' }
  /** Hangs up after so long. */
  | { kind: 'leaves'; afterMs: number }
  /** Carries an Idempotency-Key and resends until it has an answer that says not to; `twins` are sent at the same time. */
  | { kind: 'idempotent'; twins: number; patienceMs: number }
  /** Asks for a 202 and looks at the record until it has ended (public-api.md section 4.6). */
  | { kind: 'async' }
  /** As SDKs do without a key: hangs up after its own timeout and resends, saying that it is a retry. */
  | { kind: 'resends'; patienceMs: number };

/** A fault of an upstream, for one request alone. */
export interface UpstreamTrouble {
  /** As the table names it. */
  name: string;
  fault: InjectedFault;
}

/** Something that happens to the gateway's process, machine or surroundings, for everything that runs then. */
export type Upset = { moment: Moment } & (
  | { kind: 'kill'; restartAfterMs: number }
  | { kind: 'terminate'; restartAfterMs: number }
  | { kind: 'upstream-gone'; provider: ProviderName; forMs: number }
  | { kind: 'records-busy'; forMs: number }
  | { kind: 'disk-full'; forMs: number }
  | { kind: 'objects-full'; forMs: number }
  | { kind: 'drafts-gone'; forMs: number }
  | { kind: 'gateway-clock'; toMs: number }
  | { kind: 'upstream-clock'; provider: ProviderName; byMs: number }
);

/** So long after the next such event. */
export interface Moment {
  after: 'sent' | 'submit' | 'poll' | 'download';
  delayMs: number;
}

const models = {
  'kling-image-o1': { provider: 'kling', weight: 5, size: '1024x1024', maxImages: 5, takesInputs: true },
  'glm-image': { provider: 'zai', weight: 5, size: '1024x1024', maxImages: 3, takesInputs: false },
  'nano-banana-pro': { provider: 'gemini', weight: 4, size: '1K', maxImages: 3, takesInputs: true },
  'seedream-4.0': { provider: 'ark', weight: 4, size: '1K', maxImages: 3, takesInputs: true },
  'seedream-4.5': { provider: 'ark', weight: 1, size: '1920x1920', maxImages: 2, takesInputs: true },
  'dola-seedream-5.0-lite': {
    provider: 'ark',
    weight: 1,
    size: '1920x1920',
    maxImages: 1,
    takesInputs: true,
  },
} as const;
export type ModelName = keyof typeof models;
export const modelNames = Object.keys(models) as [ModelName, ...ModelName[]];
export type ProviderName = (typeof models)[ModelName]['provider'];
export const keyCount = 3;

export function providerOf(model: ModelName): ProviderName {
  return models[model].provider;
}

/** What befalls everybody, and how often compared with the rest. */
const upsetWeights: Readonly<Record<Upset['kind'], number>> = {
  kill: 10,
  terminate: 3,
  'upstream-gone': 7,
  'records-busy': 9,
  'disk-full': 5,
  'objects-full': 6,
  'drafts-gone': 4,
  'gateway-clock': 4,
  'upstream-clock': 4,
};
export const upsetKinds = Object.keys(upsetWeights) as Upset['kind'][];

/** What a schedule is made from. */
export interface Scope {
  seed: number;
  upsets: readonly Upset['kind'][];
  models: readonly ModelName[];
}

/** The same for the same scope and number, on every machine. */
export function planRound({ seed, upsets: kinds, models: names }: Scope, number: number): Round {
  const random = makeRandom(`${seed}/${number}`);
  const count = random.integer(1, 3);
  const requests = Array.from({ length: count }, (_, i) => planRequest(random, names, number, i));
  const upsets = random.chance(0.4) ? [planUpset(random, kinds)] : [];
  if (upsets.length > 0 && random.chance(0.1)) upsets.push(planUpset(random, kinds));
  return { number, requests, upsets };
}

function planRequest(random: Random, names: readonly ModelName[], round: number, i: number): PlannedRequest {
  const model = random.weigh(
    Object.fromEntries(names.map((name) => [name, models[name].weight])) as Record<ModelName, number>,
  );
  const { provider, size, maxImages, takesInputs } = models[model];
  const marker = `mark-${String(round).padStart(6, '0')}-${i}`;
  const isGroup = provider === 'ark' && random.chance(0.2);
  const n = isGroup || random.chance(0.5) ? 1 : random.integer(1, maxImages);
  const images = isGroup ? random.integer(2, 4) : n;
  const inputs = takesInputs && random.chance(0.2) ? random.integer(1, 2) : 0;
  const body = {
    model,
    prompt: `A small boat on a lake, ${marker}, in the evening`,
    size,
    response_format: random.pick(['url', 'b64_json']),
    ...(isGroup
      ? { sequential_image_generation: 'auto', sequential_image_generation_options: { max_images: images } }
      : { n }),
  };
  const caller = planCaller(random);
  // Events and a 202 exclude each other.
  const isStream = caller.kind !== 'async' && random.chance(0.2);
  const fault = random.chance(0.55) ? planTrouble(random, provider, marker, images) : undefined;
  return {
    marker,
    round,
    key: random.integer(0, keyCount - 1),
    model,
    provider,
    body: isStream ? { ...body, stream: true } : body,
    inputs,
    images,
    caller,
    startAfterMs: random.integer(0, 60),
    deletes: random.chance(0.05),
    fault,
  };
}

function planCaller(random: Random): Caller {
  const kind = random.weigh({ plain: 4, leaves: 2, idempotent: 5, resends: 2, async: 2 });
  switch (kind) {
    case 'plain':
    case 'async':
      return { kind };
    case 'leaves':
      return { kind, afterMs: random.integer(0, 700) };
    case 'idempotent':
      return {
        kind,
        twins: random.chance(0.25) ? 2 : 1,
        patienceMs: random.chance(0.3) ? random.integer(50, 800) : 20_000,
      };
    case 'resends':
      return { kind, patienceMs: random.integer(50, 800) };
    default:
      return kind satisfies never;
  }
}

const operatorsFaults: Record<ProviderName, readonly [string, ...string[]]> = {
  kling: ['auth', 'arrears', 'billing', 'quota', 'ip-rule'],
  zai: ['auth', 'billing', 'quota'],
  gemini: ['auth', 'quota', 'limit-zero', 'billing'],
  ark: ['auth', 'billing', 'quota', 'spending-guard'],
};
const refusals: Record<ProviderName, readonly [string, ...string[]]> = {
  kling: ['invalid', 'moderated', 'policy', 'bad-request'],
  zai: ['moderated', 'policy'],
  gemini: ['forbidden'],
  ark: ['moderated', 'moderated-input', 'invalid'],
};
const throttles: Record<ProviderName, readonly [string, ...string[]]> = {
  kling: ['throttled', 'concurrency'],
  zai: ['throttled', 'throttled-frequency', 'overloaded'],
  gemini: ['throttled-bare', 'overloaded'],
  ark: ['throttled', 'throttled-requests', 'burst', 'inflight'],
};
const failures: Record<ProviderName, readonly [string, ...string[]]> = {
  kling: ['internal', 'overloaded', 'timeout'],
  zai: ['internal', 'network', 'process'],
  gemini: ['internal', 'deadline'],
  ark: ['internal'],
};

/** Tasks are polled and every picture but Gemini's is downloaded. */
function stepsOf(provider: ProviderName): readonly ['submit', ...('submit' | 'poll' | 'download')[]] {
  if (provider === 'gemini') return ['submit'];
  if (provider === 'ark') return ['submit', 'submit', 'download'];
  return ['submit', 'submit', 'poll', 'download'];
}

function planTrouble(
  random: Random,
  provider: ProviderName,
  marker: string,
  images: number,
): UpstreamTrouble | undefined {
  const on = random.pick(stepsOf(provider));
  const match = { promptIncludes: marker };
  const spoilt = {
    refuse: 2,
    'hang-before': 2,
    'hang-after': 2,
    'cut-after': 3,
    'cut-body': 3,
    truncate: 2,
    garbage: 2,
    'wrong-type': 2,
    slow: 1,
    late: 1,
    status: 3,
    'only-here': 3,
  };
  const kind = random.weigh(spoilt);
  const skip = on !== 'submit' && random.chance(0.3) ? 1 : 0;
  const target = { on, match, times: on === 'submit' ? 1 : random.integer(1, 2), skip };
  switch (kind) {
    case 'slow':
      return { name: `${on}: slow drip`, fault: { ...target, kind, overMs: random.integer(200, 1500) } };
    case 'late':
      return { name: `${on}: late`, fault: { ...target, kind, byMs: random.integer(200, 1800) } };
    case 'status':
      return statusTrouble(random, provider, target);
    case 'only-here':
      return ownTrouble(random, target, images);
    case 'refuse':
    case 'hang-before':
    case 'hang-after':
    case 'cut-after':
    case 'cut-body':
    case 'truncate':
    case 'garbage':
    case 'wrong-type':
      return { name: `${on}: ${words[kind]}`, fault: { ...target, kind } };
    default:
      return kind satisfies never;
  }
}

const words = {
  refuse: 'connection closed at once',
  'hang-before': 'hang before accepting',
  'hang-after': 'hang after accepting',
  'cut-after': 'cut after accepting',
  'cut-body': 'cut mid-body',
  truncate: 'truncated',
  garbage: 'garbage',
  'wrong-type': 'wrong content type',
};

type Target = Pick<InjectedFault, 'on' | 'match' | 'times' | 'skip'>;

function statusTrouble(random: Random, provider: ProviderName, target: Target): UpstreamTrouble {
  const { on } = target;
  const kind =
    on === 'submit' ? random.weigh({ throttled: 5, failed: 4, refused: 3, operators: 1 }) : 'plain';
  const status = (name: string, error: string): UpstreamTrouble => ({
    name: `${on}: ${name}`,
    fault: { ...target, kind: 'status', error },
  });
  switch (kind) {
    case 'throttled':
      return status('429', random.pick(throttles[provider]));
    case 'failed':
      return status('5xx', random.pick(failures[provider]));
    case 'refused':
      return status('4xx', random.pick(refusals[provider]));
    case 'operators':
      return status("operator's fault", random.pick(operatorsFaults[provider]));
    case 'plain':
      return {
        name: `${on}: 5xx or 429`,
        fault: { ...target, kind: 'status', status: random.pick([500, 502, 503, 429]), body: 'busy' },
      };
    default:
      return kind satisfies never;
  }
}

/** What only makes sense at one step. */
function ownTrouble(random: Random, target: Target, images: number): UpstreamTrouble {
  const { on } = target;
  if (on === 'poll')
    return { name: 'poll: states out of order', fault: { ...target, kind: 'wrong-state-order' } };
  if (on === 'download') {
    return random.chance(0.25)
      ? { name: 'download: expired', fault: { ...target, times: 1, kind: 'expired' } }
      : { name: 'download: 404 at first', fault: { ...target, kind: 'not-found-first' } };
  }
  if (random.chance(0.5)) {
    const indexes = [random.integer(0, Math.max(0, images - 1))];
    return { name: 'submit: one image fails', fault: { ...target, kind: 'partial', indexes } };
  }
  // Kling's moderation of a made picture is a failed task; its input side is a refusal.
  const stage = random.pick(['input', 'output'] as const);
  return { name: 'submit: moderated', fault: { ...target, kind: 'moderation', stage } };
}

function planUpset(random: Random, kinds: readonly Upset['kind'][]): Upset {
  const weights = Object.fromEntries(kinds.map((kind) => [kind, upsetWeights[kind]]));
  const kind = random.weigh(weights as Record<Upset['kind'], number>);
  const moment: Moment = {
    after: random.pick(['sent', 'submit', 'poll', 'download']),
    delayMs: random.chance(0.5) ? random.integer(0, 15) : random.integer(15, 400),
  };
  const provider = random.pick(['kling', 'zai', 'gemini', 'ark'] as const);
  switch (kind) {
    case 'kill':
    case 'terminate':
      return { kind, moment, restartAfterMs: random.chance(0.7) ? 0 : random.integer(50, 600) };
    case 'upstream-gone':
      return { kind, moment, provider, forMs: random.integer(100, 1500) };
    case 'records-busy':
      // The gateway waits for 5 s before it counts as a failure.
      return {
        kind,
        moment,
        forMs: random.chance(0.1) ? random.integer(5200, 6500) : random.integer(20, 1500),
      };
    case 'disk-full':
    case 'objects-full':
    case 'drafts-gone':
      return { kind, moment, forMs: random.integer(50, 800) };
    case 'gateway-clock':
      return { kind, moment, toMs: random.integer(-300_000, 300_000) };
    case 'upstream-clock':
      // A day and more: links of 24 hours expire while they are fetched.
      return {
        kind,
        moment,
        provider,
        byMs: random.chance(0.3) ? 25 * 3_600_000 : random.integer(1000, 600_000),
      };
    default:
      return kind satisfies never;
  }
}
