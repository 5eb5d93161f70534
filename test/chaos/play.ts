import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { playCaller, type CallerStory, type CallerTools } from './callers.ts';
import type { Complaint, GatewayProcess } from './gateway.ts';
import { judge, type Judgement } from './reconcile.ts';
import { hashImage, listObjects, readRecords, type WireRecord } from './records.ts';
import { planRound, type Moment, type Round, type Scope, type Upset } from './schedule.ts';
import { playUpset, storageUpsets, type Span } from './upsets.ts';
import type { Upstreams } from './upstreams.ts';

export interface PlayTools {
  dataDir: string;
  /** What the gateway's processes wrote. */
  logFile: string;
  gateway: GatewayProcess;
  upstreams: Upstreams;
  secrets: readonly string[];
  inputPicture: string;
  /** Upsets that cannot be played on this machine. */
  impossible: ReadonlySet<Upset['kind']>;
}

/** A run as it goes on: what was played so far and what it left behind. */
export interface Play {
  /** Plays these rounds, so many at the same time, to the end of their callers. */
  rounds(scope: Scope, first: number, last: number, lanes: number): Promise<void>;
  /** Waits until no generation is in progress; where one stays, once more after a restart. */
  settle(): Promise<void>;
  /** Reads everything and compares. `again`: every image is fetched, those that were fetched before too. */
  judge(again: boolean): Promise<Judgement>;
  counts(): Counts;
}

export interface Counts {
  /** Ends of the gateway's process that nothing excuses. */
  complaints: readonly string[];
  requests: number;
  /** How often each fault was set, by its name. */
  faults: ReadonlyMap<string, number>;
  /** How often callers were told what. */
  told: ReadonlyMap<string, number>;
  /** Generations that were finished by a restart although their process lived. */
  finishedByRestart: number;
}

const settleLimitMs = 30_000;
const leastRoundMs = 500;
/** A moment that does not come is not waited for longer. */
const momentLimitMs = 3000;

export function makePlay(tools: PlayTools): Play {
  const { gateway, upstreams, secrets, dataDir } = tools;
  const stories: CallerStory[] = [];
  const spans: Span[] = [];
  const faults = new Map<string, number>();
  const hashes = new Map<string, string | Error>();
  const underWay = new Set<string>();
  let finishedByRestart = 0;

  async function playRound(round: Round): Promise<void> {
    const sent = Promise.withResolvers<void>();
    for (const { fault, provider } of round.requests) {
      if (fault === undefined) continue;
      await upstreams.inject(provider, fault.fault);
      count(faults, fault.name);
    }
    const callerTools: CallerTools = { ...tools, onSent: () => sent.resolve() };
    const upsets = round.upsets.map(async (upset) => {
      if (tools.impossible.has(upset.kind)) return;
      await momentOf(upset.moment, sent.promise, upstreams);
      // Two of a kind at the same time would undo each other.
      if (underWay.has(upset.kind)) return;
      underWay.add(upset.kind);
      count(faults, upset.kind);
      await playUpset(upset, { gateway, upstreams, dataDir, note });
      underWay.delete(upset.kind);
    });
    const callers = round.requests.map(async (request) => {
      const { caller } = request;
      if (caller.kind === 'leaves') count(faults, 'client leaves');
      stories.push(await playCaller(request, callerTools));
    });
    // A gateway that fails at once must not use up the rounds.
    await Promise.all([...callers, ...upsets, sleep(leastRoundMs)]);
  }

  function note(upset: Upset): () => void {
    const span: Span = { upset, from: performance.now(), to: Number.POSITIVE_INFINITY };
    spans.push(span);
    return () => {
      span.to = performance.now();
    };
  }

  async function openRecords(): Promise<WireRecord[]> {
    const lists = await Promise.all(secrets.map((secret) => readRecords(gateway.url, secret, 'in_progress')));
    return lists.flat();
  }

  /** The records still in progress when the time is over. */
  async function waitForEnd(): Promise<WireRecord[]> {
    const deadline = performance.now() + settleLimitMs;
    for (;;) {
      await gateway.up();
      const open = await openRecords();
      if (open.length === 0 || performance.now() > deadline) return open;
      await sleep(200);
    }
  }

  return {
    async rounds(scope, first, last, lanes) {
      let next = first;
      const lane = async (): Promise<void> => {
        while (next <= last) {
          const number = next;
          next += 1;
          await playRound(planRound(scope, number));
        }
      };
      await Promise.all(Array.from({ length: lanes }, lane));
    },

    async settle() {
      const left = await waitForEnd();
      if (left.length > 0) {
        finishedByRestart += left.length;
        await gateway.terminate(0);
        await gateway.up();
        await waitForEnd();
      }
    },

    async judge(again) {
      const charges = await upstreams.charges();
      const records: WireRecord[] = [];
      if (again) hashes.clear();
      for (const secret of secrets) {
        const own = await readRecords(gateway.url, secret, 'all');
        records.push(...own);
        for (const record of own) {
          for (const image of record.images) {
            const name = `${record.id}_${image.index}`;
            if (hashes.has(name)) continue;
            hashes.set(name, await hashImage(gateway.url, secret, record, image).catch(asError));
          }
        }
      }
      const { pictures } = await listObjects(path.join(dataDir, 'objects'));
      const answered = await readAnswered(tools.logFile);
      const { polled, given, silenced } = upstreams;
      return judge({
        stories,
        charges,
        records,
        objects: pictures,
        spans,
        polled,
        given,
        silenced,
        answered,
        hashes,
      });
    },

    counts: () => ({
      complaints: gateway.complaints.filter((each) => !isExcused(each, spans)).map(({ text }) => text),
      requests: stories.length,
      faults,
      told: countAnswers(stories),
      finishedByRestart,
    }),
  };
}

/** A gateway need not come up while its disk is full, its folders are gone or its records are held by another. */
function isExcused({ at, whileStarting }: Complaint, spans: readonly Span[]): boolean {
  const isInTheWay = ({ upset, from, to }: Span) =>
    (storageUpsets.has(upset.kind) || upset.kind === 'records-busy') && from <= at && to >= at - 1000;
  return whileStarting && spans.some(isInTheWay);
}

/** Generations whose caller was answered: the whole reply was handed to the connection. */
async function readAnswered(logFile: string): Promise<Set<string>> {
  const answered = new Set<string>();
  for (const line of (await readFile(logFile, 'utf8')).split('\n')) {
    if (!line.includes('"msg":"A request was answered."')) continue;
    const image = /"image":"(img_\w+)"/.exec(line)?.[1];
    if (image !== undefined) answered.add(image);
  }
  return answered;
}

async function momentOf(moment: Moment, sent: Promise<void>, upstreams: Upstreams): Promise<void> {
  const seen = Promise.withResolvers<void>();
  const stopListening = upstreams.onSeen((step) => {
    if (step === moment.after) seen.resolve();
  });
  const limit = new AbortController();
  await Promise.race([
    moment.after === 'sent' ? sent : seen.promise,
    sleep(momentLimitMs, undefined, { signal: limit.signal }),
  ]);
  limit.abort();
  stopListening();
  await sleep(moment.delayMs);
}

function countAnswers(stories: readonly CallerStory[]): Map<string, number> {
  const told = new Map<string, number>();
  for (const answer of stories.flatMap(({ answers }) => answers)) {
    if (answer.kind !== 'answered')
      count(told, answer.kind === 'left' ? 'nothing: hung up' : 'nothing: cut off');
    else {
      const replayed = answer.replayed === undefined ? '' : ` (replayed: ${answer.replayed})`;
      count(told, `${answer.status}${answer.reason === undefined ? '' : ` ${answer.reason}`}${replayed}`);
    }
  }
  return told;
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
