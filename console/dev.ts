// `npm run console:dev`: the console, rebuilt as its sources change, in front of the gateway at EASEL_URL.
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';

const server = await createServer({ configFile: fileURLToPath(new URL('vite.config.ts', import.meta.url)) });
await server.listen();
server.printUrls();
