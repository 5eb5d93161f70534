import { type MessagePort, parentPort } from 'node:worker_threads';
import { draw } from './draw.ts';
import type { SketchRequest } from './maker.ts';

// The thread the drawings are made in: one request at a time, its bytes handed over without a copy.

async function answer(port: MessagePort, id: number, job: SketchRequest): Promise<void> {
  try {
    // A Buffer may be a slice of something larger, which cannot be handed over.
    const result = new Uint8Array(await draw(job));
    port.postMessage({ id, result }, [result.buffer]);
  } catch (error) {
    port.postMessage({ id, error: error instanceof Error ? error.message : String(error) }, []);
  }
}

parentPort?.on('message', ({ id, job }: { id: number; job: SketchRequest }) => {
  if (parentPort) void answer(parentPort, id, job);
});
