import { setYoungSpace } from './young-space.ts';

// Before the program is loaded, which alone would let the heap grow.
setYoungSpace();

const { runGateway } = await import('./cli/start.ts');
await runGateway();
