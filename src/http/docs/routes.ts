import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { GatewayError } from '../../core/errors.ts';
import type { RouteTable } from '../server.ts';
import type { OperationTable, RoutesOf } from '../openapi/operation.ts';

/** The page at /docs: a viewer of /openapi.json, all of it served from here. */

export const docsOperations = {
  '/docs': {
    GET: {
      id: 'getDocs',
      tag: 'Operations',
      summary: 'This page',
      access: 'open',
      replies: {
        200: {
          about: 'A page for people.',
          headers: ['Cache-Control', 'Content-Security-Policy', 'X-Content-Type-Options'],
          content: { 'text/html': { schema: { type: 'string' } } },
        },
      },
      errors: [],
    },
  },
} as const satisfies OperationTable;

const script = 'text/javascript; charset=utf-8';
const style = 'text/css; charset=utf-8';

/** The files that may be asked for, by name, and no other. */
const files = {
  'swagger-ui.css': { url: import.meta.resolve('swagger-ui-dist/swagger-ui.css'), type: style },
  'page.css': { url: import.meta.resolve('./page.css'), type: style },
  'swagger-ui-bundle.js': { url: import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js'), type: script },
  'page.js': { url: import.meta.resolve('./page.js'), type: script },
} as const;

/** A file as it is served: its name changes with its content, so that it may be kept for ever. */
interface Asset {
  name: string;
  type: string;
  /** Packed: 1.9 MB of the viewer are 0.5 MB. */
  gzipped: Buffer;
}

/** Nothing inline and nothing from elsewhere; the viewer sets styles by script, which needs no exception. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page and its files. They are read when the page is first asked for. */
export function docsRoutes(): { page: RoutesOf<typeof docsOperations>; files: RouteTable } {
  let reading: Promise<Map<string, Asset>> | undefined;
  const assets = async (): Promise<Map<string, Asset>> => {
    reading ??= readAssets();
    return await reading;
  };
  return {
    page: {
      '/docs': {
        GET: async (_request, reply) =>
          await reply
            .type('text/html; charset=utf-8')
            .header('cache-control', 'no-cache')
            .header('content-security-policy', policy)
            .header('x-content-type-options', 'nosniff')
            .send(pageOf([...(await assets()).values()])),
      },
    },
    files: {
      '/docs/:file': {
        GET: async (request, reply) => {
          const name = request.url.split('?', 1)[0]?.slice('/docs/'.length) ?? '';
          const asset = (await assets()).get(name);
          if (asset === undefined) throw new GatewayError('not_found', 'There is no such file.');
          reply
            .type(asset.type)
            .header('cache-control', 'public, max-age=31536000, immutable')
            .header('vary', 'accept-encoding')
            .header('x-content-type-options', 'nosniff');
          if (/\bgzip\b/.test(String(request.headers['accept-encoding'])))
            return await reply.header('content-encoding', 'gzip').send(asset.gzipped);
          return await reply.send(await promisify(gunzip)(asset.gzipped));
        },
      },
    },
  };
}

async function readAssets(): Promise<Map<string, Asset>> {
  const assets = await Promise.all(
    Object.entries(files).map(async ([file, { url, type }]): Promise<Asset> => {
      const bytes = await readFile(new URL(url));
      const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
      return { name: `${hash}-${file}`, type, gzipped: await promisify(gzip)(bytes) };
    }),
  );
  return new Map(assets.map((asset) => [asset.name, asset]));
}

/** Addresses are relative, so that the page also works behind a proxy that adds a prefix. */
function pageOf(assets: readonly Asset[]): string {
  const links = assets.map(({ name, type }) =>
    type === style
      ? `<link rel="stylesheet" href="docs/${name}">`
      : `<script defer src="docs/${name}"></script>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Easel API</title>
<link rel="icon" href="data:,">
${links.join('\n')}
</head>
<body>
<nav id="menu" aria-label="Operations"><strong>Easel</strong></nav>
<main id="viewer"></main>
<noscript>This page needs JavaScript. The description itself is at <a href="openapi.json">openapi.json</a>.</noscript>
</body>
</html>
`;
}
