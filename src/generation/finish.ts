import type { Card } from '../core/card.ts';
import { GatewayError, toPublicError } from '../core/errors.ts';
import { toGatewayError, type UpstreamFault } from '../core/fault.ts';
import type { TokenUsage } from '../core/image-result.ts';
import type { Losses } from '../core/ledger.ts';
import { costOf, sumCosts, type Cost } from '../core/price.ts';
import type { Outcome } from '../core/record-store.ts';
import type { FailedImage, RecordUsage, StoredImage, TriedRoute, Warning } from '../core/record.ts';
import { routeLabel, type Route } from '../core/route.ts';

/** What became of one call. */
export interface CallReport {
  route: Route | undefined;
  attempts: number;
  /** How each of them went, in order. */
  tried: readonly TriedRoute[];
  images: readonly StoredImage[];
  failures: readonly { index: number; fault: UpstreamFault }[];
  /** As the upstream reported it. */
  usage: TokenUsage | undefined;
  /** What the upstream did otherwise than asked. */
  warnings: readonly Warning[];
  /** The model id the upstream's answer named. */
  model: string | undefined;
}

/** How a finished generation is closed, and the error for a caller who is still there. */
export interface Ending {
  outcome: Outcome;
  losses: Losses;
  error: GatewayError | undefined;
}

/** What the caller asked for, as far as the end of a generation needs it. */
export interface Asked {
  card: Pick<Card, 'size' | 'qualityWords'>;
  parameters: Readonly<Record<string, unknown>>;
  warnings: readonly Warning[];
  /** Our field name -> the caller's own spelling. */
  spelling: Readonly<Record<string, string>>;
}

/**
 * Puts the calls' reports together. Images already made are kept when a sibling failed: they were paid for.
 * All failed: one error, the one that may have cost money before those that surely did not.
 */
export function endGeneration(reports: readonly CallReport[], asked: Asked, nowMs: number): Ending {
  const images = reports.flatMap((report) => report.images).toSorted((a, b) => a.index - b.index);
  const failures = reports.flatMap((report) => report.failures).toSorted((a, b) => a.index - b.index);
  const failedImages: FailedImage[] = failures.map(({ index, fault }) => ({
    index,
    error: toPublicError(forCaller(fault, asked)),
  }));
  const worst = failures.find(({ fault }) => !fault.row.free) ?? failures[0];
  const error = images.length > 0 || worst === undefined ? undefined : forCaller(worst.fault, asked);
  const server =
    reports.find((report) => report.images.length > 0) ??
    reports.find((report) => report.route !== undefined);
  const failed = failures.filter(({ fault }) => fault.row.free).length;
  return {
    error,
    losses: { failed, unknown: failures.length - failed },
    outcome: {
      status: images.length > 0 ? 'completed' : 'failed',
      finishedAtMs: nowMs,
      images,
      failedImages: images.length > 0 ? failedImages : [],
      warnings: [...asked.warnings, ...reports.flatMap((report) => report.warnings)],
      error: error === undefined ? undefined : toPublicError(error),
      usage: images.length > 0 ? usageOf(reports, asked) : undefined,
      provider: server?.route?.provider,
      servedBy: server?.route === undefined ? undefined : routeLabel(server.route),
      providerModel: server?.model ?? server?.route?.upstreamModel,
      attempts: reports.reduce((sum, report) => sum + report.attempts, 0),
    },
  };
}

/** What one call took, by all its images together. */
export function usageOfCall(report: CallReport, asked: Asked): RecordUsage {
  return usageOf([report], asked);
}

export function forCaller(fault: UpstreamFault, asked: Pick<Asked, 'spelling'>): GatewayError {
  const error = toGatewayError(fault);
  if (error.param === null) return error;
  return new GatewayError(error.reason, error.message, {
    ...fault.facts,
    param: asked.spelling[error.param] ?? error.param,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    cause: fault,
  });
}

/** The upstream's own numbers where it reports tokens, else one token per 256 pixels (public-api.md section 4.4). */
function usageOf(reports: readonly CallReport[], asked: Asked): RecordUsage {
  const parts = reports
    .filter((report) => report.images.length > 0)
    .map((report) => ({ ...tokensOf(report), cost: costOfCall(report, asked) }));
  const inputs = parts.flatMap((part) => (part.inputTokens === undefined ? [] : [part.inputTokens]));
  return {
    generatedImages: sum(reports.map((report) => report.images.length)),
    ...(inputs.length === 0 ? {} : { inputTokens: sum(inputs) }),
    outputTokens: sum(parts.map((part) => part.outputTokens)),
    totalTokens: sum(parts.map((part) => part.totalTokens)),
    cost: sumCosts(parts.map((part) => part.cost)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function tokensOf(report: CallReport): { inputTokens?: number; outputTokens: number; totalTokens: number } {
  const { usage, images } = report;
  const outputTokens =
    usage?.outputTokens ??
    images.reduce((sum, image) => sum + Math.floor((image.width * image.height) / 256), 0);
  const totalTokens = usage?.totalTokens ?? outputTokens + (usage?.inputTokens ?? 0);
  return {
    ...(usage?.inputTokens === undefined ? {} : { inputTokens: usage.inputTokens }),
    outputTokens,
    totalTokens,
  };
}

function costOfCall(report: CallReport, asked: Asked): Cost | null {
  if (report.route?.price === undefined || report.route.sandbox) return null;
  const quality = asked.parameters['quality'];
  return costOf(report.route.price, {
    images: report.images.map((image) => ({
      sizes: pricedSizes(image, asked),
      ...(typeof quality === 'string' ? { quality } : {}),
    })),
    ...(report.usage?.inputTokens === undefined ? {} : { inputTokens: report.usage.inputTokens }),
    ...(report.usage?.outputTokens === undefined ? {} : { outputTokens: report.usage.outputTokens }),
  });
}

/** The names a price row may know an image's size by: its true pixels, what was asked, and the tier of either. */
function pricedSizes(image: StoredImage, { card, parameters }: Asked): string[] {
  const asked = ['size', 'quality'].flatMap((field) => {
    const value = parameters[field];
    return typeof value === 'string' && value !== 'auto' ? [card.qualityWords[value] ?? value] : [];
  });
  const names = [`${image.width}x${image.height}`, ...asked];
  const tiers = Object.entries(card.size?.presets ?? {})
    .filter(([, table]) =>
      Object.values(table).some(([width, height]) => names.includes(`${width}x${height}`)),
    )
    .map(([tier]) => tier);
  // Whoever named a size did not ask for the default, and may have paid more.
  if (tiers.length === 0 && asked.length === 0 && card.size !== undefined) names.push(card.size.defaultTier);
  return [...names, ...tiers];
}
