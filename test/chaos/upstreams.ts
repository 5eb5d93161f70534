import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { InjectedFault } from '../../src/sandbox/kit.ts';
import type { ProviderName } from './schedule.ts';

/** Where one upstream is found. */
export interface UpstreamAddress {
  provider: ProviderName;
  /** Always open. */
  baseUrl: string;
  /** The same behind a door that can be shut. */
  doorUrl: string;
  fileOrigin: string;
  apiKey: string;
}

export type ToUpstreams =
  | { kind: 'advance'; provider: ProviderName; byMs: number }
  | { kind: 'door'; provider: ProviderName; isOpen: boolean };

export type FromUpstreams =
  | { kind: 'ready'; upstreams: UpstreamAddress[] }
  | { kind: 'given'; sha256: string }
  | { kind: 'silenced'; marker: string }
  | { kind: 'seen'; provider: ProviderName; step: 'submit' | 'poll' | 'download'; taskId?: string };

/** One image on an upstream's bill, as GET /_sim/ledger tells it. */
export interface Charge {
  provider: ProviderName;
  requestId: string;
  taskId?: string;
  ourId?: string;
  prompt: string;
  index: number;
  sha256: string;
}

export interface Upstreams {
  addresses: readonly UpstreamAddress[];
  /** Tasks the gateway asked for: it had their tickets. */
  polled: ReadonlySet<string>;
  /** Pictures that were handed out whole, by hash: the gateway had their links. */
  given: ReadonlySet<string>;
  /** Markers of requests that were answered by silence. */
  silenced: ReadonlySet<string>;
  /** Called for every request that reaches an upstream, until the function given back is called. */
  onSeen(listener: (step: 'submit' | 'poll' | 'download') => void): () => void;
  inject(provider: ProviderName, fault: InjectedFault): Promise<void>;
  /** All that was charged since the beginning. */
  charges(): Promise<Charge[]>;
  send(message: ToUpstreams): void;
  close(): Promise<void>;
}

const startMs = 30_000;

/** Starts all simulators in one process of their own. */
export async function startUpstreams(): Promise<Upstreams> {
  const child = fork(fileURLToPath(new URL('upstreams-process.ts', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const listeners = new Set<(step: 'submit' | 'poll' | 'download') => void>();
  const polled = new Set<string>();
  const given = new Set<string>();
  const silenced = new Set<string>();
  const addresses = await new Promise<UpstreamAddress[]>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the upstreams did not start')), startMs);
    child.once('exit', () => reject(new Error('the upstreams ended')));
    child.on('message', (message: FromUpstreams) => {
      if (message.kind === 'ready') {
        clearTimeout(late);
        resolve(message.upstreams);
        return;
      }
      if (message.kind === 'given') {
        given.add(message.sha256);
        return;
      }
      if (message.kind === 'silenced') {
        silenced.add(message.marker);
        return;
      }
      if (message.taskId !== undefined) polled.add(message.taskId);
      for (const listener of listeners) listener(message.step);
    });
  });
  /** A simulator forgets its oldest charges; we do not. */
  const known = new Map<string, Charge>();

  const control = (provider: ProviderName, path: string): string => {
    const address = addresses.find((each) => each.provider === provider);
    return new URL(`/_sim/${path}`, address?.baseUrl).href;
  };

  return {
    addresses,
    polled,
    given,
    silenced,
    onSeen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async inject(provider, fault) {
      const response = await fetch(control(provider, 'faults'), {
        method: 'POST',
        body: JSON.stringify(fault),
      });
      if (!response.ok) throw new Error(`${provider} cannot play ${fault.kind}: ${await response.text()}`);
      await response.arrayBuffer();
    },
    async charges() {
      for (const { provider } of addresses) {
        const response = await fetch(control(provider, 'ledger'));
        for (const entry of (await response.json()) as Omit<Charge, 'provider'>[]) {
          const { requestId, index, sha256 } = entry;
          known.set([provider, requestId, index, sha256].join(' '), { ...entry, provider });
        }
      }
      return [...known.values()];
    },
    send: (message) => void child.send(message),
    async close() {
      child.disconnect();
      await exited;
    },
  };
}
