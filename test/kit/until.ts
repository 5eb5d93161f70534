import { setTimeout } from 'node:timers/promises';

/**
 * Waits for something to become true; throws when it has not within `timeoutMs`. The limit is far above what anything
 * takes: it costs nothing when things go well, and a machine may stand still for seconds.
 */
export async function until(isTrue: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline)
      throw new Error(`still not true after ${timeoutMs} ms: ${isTrue.toString()}`);
    await setTimeout(2);
  }
}
