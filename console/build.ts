// `npm run console:build`: console/dist, from which the gateway serves `/`. `npm start` does the same by itself where the
// sources have changed.
import { fileURLToPath } from 'node:url';
import { buildConsole } from '../bootstrap/console.mjs';

await buildConsole(fileURLToPath(new URL('..', import.meta.url)), { isForced: true });
