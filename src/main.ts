import { setFlagsFromString } from 'node:v8';
import { runGateway } from './cli/start.ts';

// The heap's young space stays small: pictures pass through in pieces that are garbage at once. Grown to its usual
// 16 MB it is cleared so seldom that their buffers pile up outside it: 64 answers of 8 MB peaked at 465 MB, not 330.
setFlagsFromString('--semi-space-growth-factor=1');

await runGateway();
