import type { Clock } from '../core/clock.ts';
import { GatewayError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';

/** Whether a picture that is paid for now would have a safe place. */
export interface StorageWatch {
  /** Throws GatewayError `storage_unavailable` when it would not. Costs next to nothing: it looks once a second. */
  admit(): Promise<void>;
  /** For /readyz. */
  isWell(): Promise<boolean>;
  /** For the metrics. */
  seen(): Promise<StorageSeen>;
  /** Something waits for the storage to get well; call what comes back when that is over. */
  noteWaiting(): () => void;
}

/** How the storage was at the last look. */
export interface StorageSeen {
  isWell: boolean;
  /** Undefined: nobody can say. */
  freeBytes: number | undefined;
  heldBytes: number;
}

export interface StorageWatchTools {
  /** Free bytes where pictures and records lie; the least of all places. */
  freeBytes(): Promise<number>;
  /** Below this nothing is begun. */
  minFreeBytes: number;
  /** Bytes of pictures that are in memory because the disk does not take them. */
  heldBytes(): number;
  /** Throws when records or pictures cannot be written now. */
  probe(): Promise<void>;
  clock: Clock;
  log: Log;
}

type State = 'well' | 'short_of_space' | 'failing';

const lookEveryMs = 1000;
const retryAfterMs = 10_000;

/** What is told to callers; the log has more. */
const refusals: Record<Exclude<State, 'well'>, string> = {
  short_of_space:
    'This server is short of disk space and begins no generations until there is room again; nothing was generated. Try again later, or tell the operator.',
  failing:
    'This server cannot store pictures or records at the moment and begins no generations until it can; nothing was generated. Try again later, or tell the operator.',
};

export function makeStorageWatch(tools: StorageWatchTools): StorageWatch {
  const { clock, log } = tools;
  let waiting = 0;
  let told: State = 'well';
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let lastFreeBytes: number | undefined;
  let state: Promise<State> = Promise.resolve('well');

  /** Callers who come together share one look. */
  function current(): Promise<State> {
    const nowMs = clock.now();
    // A clock that was put back must not stop the looking.
    if (nowMs - lookedAtMs >= lookEveryMs || nowMs < lookedAtMs) {
      lookedAtMs = nowMs;
      state = look();
    }
    return state;
  }

  async function look(): Promise<State> {
    const freeBytes = await tools.freeBytes().catch(() => undefined);
    lastFreeBytes = freeBytes;
    const seen = await judge(freeBytes);
    if (seen !== told) {
      const facts = { freeBytes, minFreeBytes: tools.minFreeBytes, heldBytes: tools.heldBytes(), waiting };
      if (seen === 'well') log.info(facts, 'The storage is well again: generations are taken.');
      else log.error(facts, `No generations are taken: ${logTexts[seen]}`);
      told = seen;
    }
    return seen;
  }

  async function judge(freeBytes: number | undefined): Promise<State> {
    if (freeBytes !== undefined && freeBytes < tools.minFreeBytes) return 'short_of_space';
    if (freeBytes === undefined || tools.heldBytes() > 0) return 'failing';
    // One picture that cannot be stored says little about the next one; whether the medium works is asked it.
    if (waiting === 0) return 'well';
    return await tools.probe().then(
      (): State => 'well',
      (): State => 'failing',
    );
  }

  return {
    async admit() {
      const seen = await current();
      if (seen !== 'well') throw storageUnavailable(refusals[seen], `the storage is ${seen}`);
    },
    isWell: async () => (await current()) === 'well',
    async seen() {
      const isWell = (await current()) === 'well';
      return { isWell, freeBytes: lastFreeBytes, heldBytes: tools.heldBytes() };
    },
    noteWaiting() {
      waiting += 1;
      let isOver = false;
      return () => {
        if (!isOver) waiting -= 1;
        isOver = true;
      };
    },
  };
}

const logTexts: Record<Exclude<State, 'well'>, string> = {
  short_of_space: 'the disk has less free space than EASEL_MIN_FREE_BYTES. Make room.',
  failing: 'pictures or records cannot be stored. Look at the disk of EASEL_DATA_DIR.',
};

/** Nothing was begun because it could not have been kept. */
function storageUnavailable(message: string, details: string, cause?: unknown): GatewayError {
  return new GatewayError('storage_unavailable', message, {
    retryAfterMs,
    details,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The same, found out while the record was to be opened. */
export function notRecorded(cause: Error): GatewayError {
  return storageUnavailable(refusals.failing, `the record could not be opened: ${cause.message}`, cause);
}
