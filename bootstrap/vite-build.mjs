// `node vite-build.mjs <root> <folder>`: the console, built into the folder. A process of its own: what vite loads (50 MB)
// and whatever goes wrong in it are gone when it ends.
import path from 'node:path';

const [, , root = '', outDir = ''] = process.argv;
// A development build is three times as large.
process.env['NODE_ENV'] = 'production';
const { build } = await import('vite');
await build({
  configFile: path.join(root, 'console', 'vite.config.ts'),
  // Node reads it as it is; nothing is written beside it.
  configLoader: 'native',
  logLevel: 'error',
  build: { outDir, emptyOutDir: true },
});
