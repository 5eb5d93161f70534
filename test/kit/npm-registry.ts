import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** As much of an npm registry as `npm pack` and `npm ci` ask for, on loopback. */
export interface NpmRegistry {
  url: string;
  /** Adds a version (or replaces its files) and returns its integrity. */
  publish(name: string, version: string, files: Record<string, string>): string;
  /** The paths asked for so far, archives as `/<name>.tgz`. */
  requests: string[];
  /** While true, an archive is begun and never finished. */
  isStalling: boolean;
  close(): Promise<void>;
}

/** Starts a registry without packages. */
export async function startNpmRegistry(): Promise<NpmRegistry> {
  const packages = new Map<string, { version: string; archive: Buffer; integrity: string }>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/');
    registry.requests.push(path);
    const isArchive = path.endsWith('.tgz');
    const found = packages.get(path.slice(1).replace(/\.tgz$/, ''));
    if (found === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"Not found"}');
    } else if (isArchive && registry.isStalling) {
      response.writeHead(200, { 'content-length': found.archive.length });
      response.write(found.archive.subarray(0, 10));
    } else if (isArchive) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(found.archive);
    } else {
      const name = path.slice(1);
      const { version, integrity } = found;
      const dist = { tarball: `${registry.url}/${name}.tgz`, integrity };
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          name,
          'dist-tags': { latest: version },
          versions: { [version]: { name, version, dist } },
        }),
      );
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const registry: NpmRegistry = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    isStalling: false,
    publish(name, version, files) {
      const manifest = JSON.stringify({ name, version });
      const archive = gzipSync(tar({ 'package/package.json': manifest, ...files }));
      const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
      packages.set(name, { version, archive, integrity });
      return integrity;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return registry;
}

/** An archive as npm makes them, not yet compressed. */
export function tar(files: Record<string, string>): Buffer {
  const parts: Buffer[] = [];
  for (const [name, text] of Object.entries(files)) {
    const body = Buffer.from(text);
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000755\0', 100);
    header.write(body.length.toString(8).padStart(11, '0'), 124);
    header.write('00000000000', 136);
    header.write('0', 156);
    header.write('ustar\x0000', 257);
    header.fill(' ', 148, 156);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    parts.push(header, body, Buffer.alloc((512 - (body.length % 512)) % 512));
  }
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}
