import { setFlagsFromString } from 'node:v8';

// The heap's young space stays small: pictures pass through in pieces that are garbage at once. Grown to its usual
// 16 MB it is cleared so seldom that their buffers pile up outside it: 64 answers of 8 MB peaked at 465 MB, not 330.
// Said before the program is loaded, which alone would let it grow: idle, 142 MB become 112.
setFlagsFromString('--semi-space-growth-factor=1');

const { runGateway } = await import('./cli/start.ts');
await runGateway();
