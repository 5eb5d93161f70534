import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { ObjectStoreError } from '../core/object-store.ts';
import { RecordStoreError } from '../core/record-store.ts';
import type { StorageWatch } from './storage-watch.ts';

/** What waiting for a failed step needs. */
export interface PatienceTools {
  clock: Clock;
  log: Log;
  storage: Pick<StorageWatch, 'noteWaiting'>;
}

/** One step that must not be given up lightly: something was paid for. */
export interface PatientStep {
  /** For the log: `Storing a picture`. */
  what: string;
  /** For the log: whose it is. */
  facts: Readonly<Record<string, unknown>>;
  /** True: worth another try later. Default: what a store may get over. */
  mayPass?: (error: unknown) => boolean;
  /** No try begins after this moment, ms since 1970. */
  untilMs?: number;
}

const firstPauseMs = 250;
const longestPauseMs = 30_000;

/**
 * Tries until it works: after pauses that grow to half a minute, until the signal ends; then once more, and the
 * last failure is thrown. So is any failure that no waiting helps.
 */
export async function patiently<T>(
  step: PatientStep,
  signal: AbortSignal,
  tools: PatienceTools,
  work: () => Promise<T>,
): Promise<T> {
  const { what, facts, mayPass = isStorageFault, untilMs = Number.POSITIVE_INFINITY } = step;
  const { clock, log } = tools;
  const startedAtMs = clock.now();
  let endWaiting: (() => void) | undefined;
  let isLast = false;
  try {
    for (let tries = 1; ; tries += 1) {
      try {
        const result = await work();
        if (tries > 1)
          log.info({ ...facts, tries, ms: clock.now() - startedAtMs }, `${what} worked after all.`);
        return result;
      } catch (error) {
        const pauseMs = Math.min(firstPauseMs * 2 ** (tries - 1), longestPauseMs);
        if (isLast || signal.aborted || !mayPass(error) || clock.now() + pauseMs > untilMs) throw error;
        if (isStorageFault(error)) endWaiting ??= tools.storage.noteWaiting();
        if (tries === 1) log.error({ ...facts, error }, `${what} failed; it is tried again until it works.`);
        await clock.sleep(pauseMs, signal).catch(() => {
          isLast = true;
        });
      }
    }
  } finally {
    endWaiting?.();
  }
}

/** True: the store itself is in trouble, which may pass; false for what is wrong with the question. */
export function isStorageFault(error: unknown): error is ObjectStoreError | RecordStoreError {
  if (error instanceof ObjectStoreError) return error.kind !== 'taken' && error.kind !== 'lost';
  return error instanceof RecordStoreError && ['full', 'read_only', 'busy', 'io'].includes(error.kind);
}
