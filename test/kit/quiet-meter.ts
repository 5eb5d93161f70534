import type { Meter } from '../../src/core/meter.ts';

/** Counts nothing. */
export const quietMeter: Meter = {
  requestAnswered: () => undefined,
  generationEnded: () => undefined,
  upstreamCalled: () => undefined,
  webhookAttempted: () => undefined,
};
