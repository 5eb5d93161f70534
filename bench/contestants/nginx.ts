import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort, startProcess } from '../processes.ts';
import type { Contestant, Place } from './contestant.ts';

/** nginx as a plain reverse proxy, and the same pictures as files. */
export interface Nginx extends Contestant {
  /** Where the pictures are served, e.g. http://127.0.0.1:1234/pictures. */
  filesUrl: string;
}

/** One process, as the others have; no log; an answer never goes through a file. */
export async function startNginx(program: string, { upstream, folder, pictures }: Place): Promise<Nginx> {
  const port = await freePort();
  const config = path.join(folder, 'nginx.conf');
  await writeFile(config, settings({ port, upstreamPort: upstream.port, folder, pictures }));
  const url = `http://127.0.0.1:${port}`;
  const started = await startProcess({
    command: program,
    args: ['-p', folder, '-c', config, '-e', path.join(folder, 'nginx-errors.log')],
    logFile: path.join(folder, 'nginx.log'),
    ready: { url: `${url}/ready` },
  });
  return {
    name: 'nginx',
    baseUrl: `${url}/v1`,
    headers: {},
    process: started,
    filesUrl: `${url}/pictures`,
  };
}

function settings(given: { port: number; upstreamPort: number; folder: string; pictures: string }): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${path.join(given.folder, `nginx-${name}`)};`)
    .join('\n');
  // The pictures belong to whoever runs this: root's worker stays root.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  return `${user}daemon off;
master_process off;
pid ${path.join(given.folder, 'nginx.pid')};
events { worker_connections 1024; }
http {
  access_log off;
${temporary}
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  upstream mock {
    server 127.0.0.1:${given.upstreamPort};
    keepalive 256;
    keepalive_requests 1000000;
  }
  server {
    listen 127.0.0.1:${given.port};
    location = /ready { return 204; }
    location /pictures/ { alias ${given.pictures}/; default_type image/png; }
    location / {
      proxy_pass http://mock;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_max_temp_file_size 0;
      proxy_read_timeout 120s;
    }
  }
}
`;
}
