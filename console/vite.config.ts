import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Where `npm run console:dev` finds a gateway. */
const gateway = process.env['EASEL_URL'] ?? 'http://127.0.0.1:8080';
const proxied = ['/v1', '/admin', '/docs', '/openapi.json'];

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // Vite would look for files of settings, which the console has none of.
  envDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // light-dark(), nesting and :has() as they are written.
    cssTarget: ['chrome123', 'firefox121', 'safari17.5'],
    // The policy allows no inline script or style, and files of our own origin only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(proxied.map((path) => [path, { target: gateway }])),
  },
  preview: {
    host: '127.0.0.1',
    proxy: Object.fromEntries(proxied.map((path) => [path, { target: gateway }])),
  },
});
