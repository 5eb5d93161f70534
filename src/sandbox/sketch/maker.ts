import { availableParallelism } from 'node:os';
import { type WorkerPool, startWorkerPool } from './worker-pool.ts';

export interface SketchRequest {
  readonly prompt: string;
  /** A whole number from 0; another one is another picture. */
  readonly seed: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly format: 'png' | 'jpeg';
  /** Encoded input images. The first stands in the picture on an easel, the others as small prints. */
  readonly inputs: readonly Uint8Array[];
  /** Draws the mark a provider would burn in, besides the sandbox's own ribbon. */
  readonly watermark: boolean;
}

/** Draws pictures for prompts without any model: the same request is the same bytes. */
export interface SketchMaker {
  /** Rejects for impossible sizes and for a worker that died; never because of a prompt or an input's content. */
  draw(request: SketchRequest): Promise<Uint8Array>;
  /** Ends the workers; drawings under way are rejected. */
  close(): Promise<void>;
}

const maxSide = 16_384;
const maxPixels = 64_000_000;

/**
 * A maker of sandbox pictures. Starts nothing until the first drawing; all work is done in worker threads, and idle ones
 * do not keep the process alive.
 */
export function startSketchMaker(options: { workers?: number } = {}): SketchMaker {
  const workers = options.workers ?? Math.max(1, Math.min(4, availableParallelism() - 1));
  let pool: WorkerPool<SketchRequest, Uint8Array> | undefined;
  let isClosed = false;
  return {
    async draw(request) {
      if (isClosed) throw new Error('The sketch maker is closed.');
      checkSize(request);
      // The sources are TypeScript, a published build is not; the worker has the ending this file has.
      pool ??= startWorkerPool({
        entry: new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url),
        workers,
        what: 'The sandbox picture',
      });
      return await pool.run(request);
    },
    async close() {
      isClosed = true;
      await pool?.close();
    },
  };
}

function checkSize({ width, height, seed }: SketchRequest): void {
  const isSide = (value: number) => Number.isInteger(value) && value >= 1 && value <= maxSide;
  if (!isSide(width) || !isSide(height) || width * height > maxPixels)
    throw new RangeError(
      `A sandbox picture of ${width} by ${height} pixels cannot be drawn; each side is a whole number up to ${maxSide}, and both together at most ${maxPixels / 1e6} million pixels.`,
    );
  if (!Number.isInteger(seed) || seed < 0)
    throw new RangeError('The seed of a sandbox picture is a whole number from 0.');
}
