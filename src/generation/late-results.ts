import type { Log } from '../core/log.ts';

/** Images that came after their caller had been answered with a timeout or a failure: kept, told and counted. */
export interface LateResults {
  /** Generations since this process started. */
  readonly count: number;
  note(late: { generationId: string; images: number; durationMs: number }): void;
}

export function makeLateResults(log: Log): LateResults {
  let count = 0;
  return {
    get count() {
      return count;
    },
    note({ generationId, images, durationMs }) {
      count += 1;
      log.info(
        { generation: generationId, images, durationMs, lateResults: count },
        'A late result was stored; GET /v1/images?late=true lists them.',
      );
    },
  };
}
