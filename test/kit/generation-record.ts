import type { GenerationRecord } from '../../src/core/record.ts';

/** A generation that was just opened; what a test is about stands in `change`. */
export function openRecord(
  change: Partial<GenerationRecord> & Pick<GenerationRecord, 'id'>,
): GenerationRecord {
  return {
    keyId: 'key_one',
    status: 'in_progress',
    model: 'seedream-4.5',
    prompt: 'a lighthouse',
    parameters: {},
    createdAtMs: 1_795_372_800_000,
    finishedAtMs: undefined,
    images: [],
    failedImages: [],
    warnings: [],
    error: undefined,
    usage: undefined,
    provider: undefined,
    servedBy: undefined,
    providerModel: undefined,
    attempts: 0,
    ...change,
  };
}
