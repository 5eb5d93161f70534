import type { Clock } from '../core/clock.ts';
import { toPublicError } from '../core/errors.ts';
import type { CallImage, TokenUsage } from '../core/image-result.ts';
import { readStructure } from '../core/image-structure.ts';
import type { RecordStore } from '../core/record-store.ts';
import type { RecordUsage, StoredImage } from '../core/record.ts';
import type { Route } from '../core/route.ts';
import type { Watch } from './attempt.ts';
import { makeEarlyImages, type EarlyImages, type Kept } from './early-images.ts';
import { forCaller, usageOfCall, type Asked, type CallReport } from './finish.ts';
import type { PlannedCall } from './plan.ts';
import type { Progress } from './progress.ts';
import { shareUsage } from './share-usage.ts';

/** A call that somebody follows. */
export interface WatchedCall {
  watch(route: Route): Watch;
  early: EarlyImages;
  /** Index -> the usage its image was told with. */
  told: Map<number, RecordUsage>;
  /** The upstream has said all: what is not told yet is told with the call's report. */
  answered(): void;
}

/** Right behind the last image comes what all of them took: waiting so long for it makes the sums exact. */
const sumMs = 250;

/** Shows previews as they come, and keeps and tells images that are there before the others. */
export function watchCall(
  generationId: string,
  call: PlannedCall,
  follower: {
    previews: number;
    /** The model's upstreams show what they are at, so they can also hand over images one by one. */
    hasPreviews: boolean;
    progress: Progress;
    asked: Asked;
    keep(index: number, image: CallImage, route: Route): Promise<Kept>;
  },
  tools: { records: Pick<RecordStore, 'saveCall'>; clock: Clock },
): WatchedCall {
  const { progress, asked } = follower;
  const told = new Map<number, RecordUsage>();
  const over = new AbortController();
  const early = makeEarlyImages(call, {
    // Still `sent`: there may be more in the answer, and a restart must not take these for all.
    saveLinks: (links) => tools.records.saveCall(generationId, call.number, { links }),
    keep: (index, image, route) => follower.keep(index, image, route),
    async onKept(image, usage, route) {
      await tools.clock.sleep(sumMs, over.signal).catch(() => undefined);
      if (over.signal.aborted) return;
      const own = usageAlone(image, usage, asked, route);
      told.set(image.index, own);
      progress.tell({ kind: 'image', image, usage: own, warnings: asked.warnings });
    },
  });
  return {
    watch: (route) => ({
      ...previewsOf(call, follower),
      onImage: (image, usage) => early.take(image, usage, route),
    }),
    early,
    told,
    answered: () => over.abort(),
  };
}

/** Tells what a call's report holds and was not told before. */
export function tellReport(
  report: CallReport,
  told: ReadonlyMap<number, RecordUsage>,
  { progress, asked }: { progress: Progress; asked: Asked },
): void {
  const images = report.images.filter(({ index }) => !told.has(index));
  if (images.length > 0) {
    const usages = shareUsage(usageOfCall(report, asked), images, [...told.values()]);
    const warnings = [...asked.warnings, ...report.warnings];
    for (const [i, image] of images.entries()) {
      const usage = usages[i];
      if (usage !== undefined) progress.tell({ kind: 'image', image, usage, warnings });
    }
  }
  for (const { index, fault } of report.failures) {
    progress.tell({ kind: 'failed', index, error: toPublicError(forCaller(fault, asked)) });
  }
}

function usageAlone(
  image: StoredImage,
  usage: TokenUsage | undefined,
  asked: Asked,
  route: Route,
): RecordUsage {
  const alone = { images: [image], failures: [], warnings: [], attempts: 1, tried: [], model: undefined };
  return usageOfCall({ ...alone, route, usage }, asked);
}

function previewsOf(
  call: PlannedCall,
  { previews, hasPreviews, progress }: { previews: number; hasPreviews: boolean; progress: Progress },
): Pick<Watch, 'previews'> {
  // Without previews an upstream that has some is followed for the sake of the first of several images.
  if (previews === 0 && !(hasPreviews && call.images > 1)) return {};
  return {
    previews: {
      perImage: previews,
      async take({ position, number, draft }) {
        const bytes = await draft.readAt(0, draft.bytes);
        const facts = await readStructure((offset, length) => draft.readAt(offset, length), draft.bytes);
        if ('broken' in facts) return;
        const index = call.firstIndex + Math.min(position, call.images - 1);
        const size = `${facts.width}x${facts.height}`;
        progress.tell({ kind: 'preview', index, number, bytes, format: facts.format, size });
      },
    },
  };
}
