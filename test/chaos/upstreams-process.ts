// The upstreams of a chaos run, in a process of their own so that they outlive the gateway. What they charge and
// which faults they play is asked over HTTP (/_sim/*); the channel to the parent carries what HTTP cannot: events as
// they happen, doors and clocks.
import { createHash } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, createServer, type Socket } from 'node:net';
import { registrations } from '../../src/providers/registry.ts';
import type { Simulator } from '../../src/sandbox/kit.ts';
import { fastDraw } from '../kit/fast-draw.ts';
import { markerPattern } from './reconcile.ts';
import type { ProviderName } from './schedule.ts';
import type { FromUpstreams, ToUpstreams, UpstreamAddress } from './upstreams.ts';

/** A connection that says nothing for so long dies, as it would on any way through the internet. */
const silenceMs = 2500;
/** Of direct calls, and of tasks: these are polled a few times before they are done. */
const delayMs = { direct: 60, task: 700 };

const clocks = new Map<string, { aheadMs: number }>();
const places = new Map<number, { provider: ProviderName; isFiles: boolean }>();

watchRequests();
const upstreams = await Promise.all(registrations.map(startUpstream));
process.on('message', (message: ToUpstreams) => obey(message));
process.on('disconnect', () => process.exit(0));
tell({ kind: 'ready', upstreams: upstreams.map(({ address }) => address) });

interface Door {
  port: number;
  setOpen(isOpen: boolean): Promise<void>;
}

async function startUpstream({
  provider: { name, kind },
  startSimulator,
}: (typeof registrations)[number]): Promise<{ address: UpstreamAddress; door: Door }> {
  const provider = name as ProviderName;
  const clock = { aheadMs: 0 };
  clocks.set(provider, clock);
  const simulator: Simulator = await startSimulator({
    draw: fastDraw,
    now: () => Date.now() + clock.aheadMs,
    delayMs: delayMs[kind],
  });
  const api = new URL(simulator.baseUrl);
  places.set(Number(api.port), { provider, isFiles: false });
  places.set(Number(new URL(simulator.fileOrigin).port), { provider, isFiles: true });
  const door = await makeDoor(Number(api.port));
  return {
    door,
    address: {
      provider,
      baseUrl: simulator.baseUrl,
      doorUrl: simulator.baseUrl.replace(`:${api.port}`, `:${door.port}`),
      fileOrigin: simulator.fileOrigin,
      apiKey: simulator.credential.apiKey,
    },
  };
}

/** The same upstream behind a second port that can be closed: connections are refused then, and open ones are cut. */
async function makeDoor(toPort: number): Promise<Door> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming) => {
    const outgoing = connect(toPort, '127.0.0.1');
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await listen(0);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP port was asked for');
  const { port } = address;
  return {
    port,
    async setOpen(isOpen) {
      if (isOpen === server.listening) return;
      if (isOpen) return listen(port);
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Every request to a simulator is an event; one that is not answered in time loses its connection. */
function watchRequests(): void {
  channel('http.server.request.start').subscribe((message) => {
    const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
    const place = places.get(request.socket.localPort ?? 0);
    const path = request.url ?? '';
    if (place === undefined || path.startsWith('/_sim/')) return;
    const bodyOf = copyBody(request);
    const silence = setTimeout(() => {
      const marker = markerPattern.exec(bodyOf())?.[0];
      if (marker !== undefined) tell({ kind: 'silenced', marker });
      request.socket.destroy();
    }, silenceMs);
    response.once('close', () => clearTimeout(silence));
    if (place.isFiles) noteGiven(response);
    const step = place.isFiles ? 'download' : request.method === 'POST' ? 'submit' : 'poll';
    const taskId = step === 'poll' ? decodeURIComponent(path.split('/').at(-1) ?? '') : undefined;
    tell({ kind: 'seen', provider: place.provider, step, ...(taskId === undefined ? {} : { taskId }) });
  });
}

/** What has come of a body, without taking it from its reader. */
function copyBody(request: IncomingMessage): () => string {
  const parts: Buffer[] = [];
  const push = request.push.bind(request);
  request.push = (chunk: unknown, ...rest) => {
    if (Buffer.isBuffer(chunk)) parts.push(chunk);
    return push(chunk, ...rest);
  };
  return () => Buffer.concat(parts).toString('latin1');
}

/** A picture that was handed out whole: whoever asked for it had its link. */
function noteGiven(response: ServerResponse): void {
  const end = response.end.bind(response) as (...given: unknown[]) => ServerResponse;
  response.end = (...given: unknown[]) => {
    const [body] = given;
    if (body instanceof Uint8Array && response.statusCode === 200) {
      tell({ kind: 'given', sha256: createHash('sha256').update(body).digest('hex') });
    }
    return end(...given);
  };
}

function obey(message: ToUpstreams): void {
  if (message.kind === 'advance') {
    const clock = clocks.get(message.provider);
    if (clock !== undefined) clock.aheadMs += message.byMs;
    return;
  }
  const upstream = upstreams.find(({ address }) => address.provider === message.provider);
  void upstream?.door.setOpen(message.isOpen);
}

function tell(message: FromUpstreams): void {
  if (process.connected) process.send?.(message);
}
