import { runGateway } from './cli/start.ts';

await runGateway();
