// Loaded into a process ahead of its program (`node --import`): its parent asks over the channel how long the event
// loop stood still at worst. The program itself is not changed and knows nothing of it.
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface LoopAnswer {
  worstMs: number;
}

/** A timer that should fire this often; what it is late by is the stall. */
const resolutionMs = 5;

const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
histogram.enable();

process.on('message', (message: { kind?: string }) => {
  if (message.kind !== 'loop') return;
  const result: LoopAnswer = { worstMs: Math.max(0, histogram.max / 1e6 - resolutionMs) };
  histogram.reset();
  process.send?.({ kind: 'answer', result });
});
process.on('disconnect', () => {
  // A program without an ear for it would outlive a run that was killed.
  setTimeout(() => process.exit(1), 10_000).unref();
});
// The listener alone must not keep a process alive that could not start.
process.channel?.unref();
