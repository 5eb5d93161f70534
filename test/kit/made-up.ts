import * as fc from 'fast-check';

/**
 * Where made-up values begin: always at the same place, so that the same sources have the same verdict, or at
 * EASEL_FUZZ_SEED, to look elsewhere.
 */
export const seed = Number(process.env['EASEL_FUZZ_SEED'] ?? 1);
fc.configureGlobal({ seed });

export { fc };
