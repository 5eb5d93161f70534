import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import sharp from 'sharp';
import { cardSchema } from '../../src/core/card.ts';
import type { Card } from '../../src/core/card.ts';
import { UpstreamFault } from '../../src/core/fault.ts';
import type { ImageRequest, InputImage } from '../../src/core/image-request.ts';
import type { CallImage, CallResult } from '../../src/core/image-result.ts';
import type { Log } from '../../src/core/log.ts';
import type { ObjectDraft } from '../../src/core/object-store.ts';
import type {
  PreviewTaker,
  Provider,
  ProviderContext,
  TaskProvider,
  TaskState,
  Ticket,
} from '../../src/core/provider.ts';
import type { Route } from '../../src/core/route.ts';
import { resolveShape } from '../../src/core/shape.ts';
import { openFilesystemStore } from '../../src/objects/filesystem.ts';
import type { Registration } from '../../src/providers/registry.ts';
import type { Simulator } from '../../src/sandbox/kit.ts';
import { createUpstreamClient } from '../../src/upstream/client.ts';
import { createDownloader } from '../../src/upstream/download.ts';
import { pollTask } from '../../src/upstream/poll.ts';
import { fastDraw } from './fast-draw.ts';
import { inputOf, requestOf } from './provider-calls.ts';

/** One provider over its simulator, real sockets and a real object store. */
export interface ProviderBench {
  provider: Provider;
  simulator: Simulator;
  card: Card;
  route: Route;
  /** Everything that was logged or thrown as a fault, as text. */
  heard(): string;
  /** A request of the first model, of its default shape unless told. */
  request(facts?: Partial<ImageRequest>, asked?: { size?: string; ratio?: string }): ImageRequest;
  /** One call to its end; a task is asked until it is done. Throws UpstreamFault. */
  make(request: ImageRequest, over?: Over): Promise<CallResult>;
  /** Only the submit of a task. */
  submit(request: ImageRequest, over?: Over): Promise<Ticket>;
  check(ticket: Ticket): Promise<TaskState>;
  find(ourId: string): Promise<Ticket | undefined>;
  /** The bytes behind one image; of a link they are downloaded. */
  bytesOf(image: CallImage | undefined): Promise<Uint8Array>;
  /** The fault that the work ends in; fails when it ends well. */
  faultOf(work: Promise<unknown>): Promise<UpstreamFault>;
}

/** What one exchange has otherwise than the bench. */
interface Over {
  route?: Partial<Route>;
  ourId?: string;
  signal?: AbortSignal;
  previews?: PreviewTaker;
}

/** Starts all of it for one test; it ends with the test. Pictures without a seed are all drawn with the same one. */
export async function startProviderBench(
  t: TestContext,
  provider: Provider,
  startSimulator: Registration['startSimulator'],
): Promise<ProviderBench> {
  const folder = await mkdtemp(path.join(tmpdir(), 'easel-contract-'));
  const objects = await openFilesystemStore({ folder });
  const simulator = await startSimulator({ draw: fastDraw, delayMs: 5, seed: () => 7 });
  const heard: string[] = [];
  const log = listeningLog(heard);
  const client = createUpstreamClient({ objects, log });
  const downloader = createDownloader({ objects, log, limits: { waitsMs: [1, 1, 1, 1] } });
  t.after(async () => {
    await simulator.close();
    await Promise.all([client.close(), downloader.close()]);
    await objects.close();
    await rm(folder, { recursive: true });
  });

  const card = cardSchema.parse(provider.cards[0]);
  const route: Route = {
    model: card.id,
    provider: provider.name,
    name: 'contract',
    baseUrl: simulator.baseUrl,
    credential: { kind: 'key', apiKey: simulator.credential.apiKey },
    upstreamModel: card.upstreamModel,
    price: undefined,
    downloadOrigins: [simulator.fileOrigin],
    concurrency: undefined,
    imagesPerMinute: undefined,
    weight: undefined,
    watermarkFree: true,
    sandbox: true,
  };
  const context = (over: Over = {}): ProviderContext => ({
    route: { ...route, ...over.route },
    client,
    signal: over.signal ?? t.signal,
    now: () => Date.now(),
    ...(over.previews === undefined ? {} : { previews: over.previews }),
  });
  let calls = 0;

  async function make(request: ImageRequest, over?: Over): Promise<CallResult> {
    if (provider.kind === 'task') return finish(provider, await submit(request, over), context(over), log);
    return provider.generate({ request, ourId: nextId(over) }, context(over));
  }

  function submit(request: ImageRequest, over?: Over): Promise<Ticket> {
    return asTask(provider).submit({ request, ourId: nextId(over) }, context(over));
  }

  function nextId(over: Over | undefined): string {
    calls += 1;
    return over?.ourId ?? `img_contract-0-${calls}`;
  }

  return {
    provider,
    simulator,
    card,
    route,
    heard: () => heard.join('\n'),
    request: (facts = {}, asked = {}) => requestFor(card, facts, asked),
    make,
    submit,
    check: (ticket) => asTask(provider).check(ticket, context()),
    find: async (ourId) => asTask(provider).find?.(ourId, context()),
    async bytesOf(image) {
      if (image?.kind !== 'link' && image?.kind !== 'held') throw new Error(`no image but ${image?.kind}`);
      const draft = image.kind === 'held' ? image.draft : await downloader.fetch(image.url, route, t.signal);
      return allOf(draft);
    },
    async faultOf(work) {
      try {
        await work;
      } catch (thrown) {
        if (!(thrown instanceof UpstreamFault)) throw thrown;
        heard.push(inspectFault(thrown));
        return thrown;
      }
      throw new Error('ended well, although it should not have');
    },
  };
}

/** An address on loopback that nobody listens at. */
export async function closedOrigin(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return `http://127.0.0.1:${address.port}`;
}

/** A picture every upstream takes. */
export async function inputPicture(red: number): Promise<InputImage> {
  const create = { width: 512, height: 512, channels: 3 as const, background: { r: red, g: 80, b: 120 } };
  const input = inputOf(await sharp({ create }).png().toBuffer());
  return { ...input, width: 512, height: 512 };
}

function asTask(provider: Provider): TaskProvider {
  if (provider.kind !== 'task') throw new Error(`${provider.name} has no tasks`);
  return provider;
}

function requestFor(
  card: Card,
  facts: Partial<ImageRequest>,
  asked: { size?: string; ratio?: string },
): ImageRequest {
  const shape =
    card.size === undefined
      ? { tier: undefined, ratio: undefined, pixels: undefined }
      : resolveShape(card.size, asked, facts.inputs?.[0], 'ratio');
  return requestOf({ model: card.id, shape, ...facts });
}

/** As the program does it, only with pauses that do not wait for a vendor's speed. */
async function finish(
  provider: TaskProvider,
  ticket: Ticket,
  context: ProviderContext,
  log: Log,
): Promise<CallResult> {
  const clock = { now: () => Date.now(), sleep: () => wait(2) };
  const end = await pollTask(provider, ticket, context, { clock, random: () => 0.5, log });
  if (end.state === 'failed') throw end.fault;
  return end.result;
}

async function allOf(draft: ObjectDraft): Promise<Uint8Array> {
  const bytes = await draft.readAt(0, draft.bytes);
  await draft.discard();
  return bytes;
}

function listeningLog(heard: string[]): Log {
  const hear = (facts: Record<string, unknown>, message: string): void => {
    heard.push(`${message} ${JSON.stringify(facts)}`);
  };
  return { debug: hear, info: hear, warn: hear, error: hear };
}

/** All that a fault could ever show to anybody. */
function inspectFault(fault: UpstreamFault): string {
  const cause = fault.cause instanceof Error ? `${fault.cause.stack} ${JSON.stringify(fault.cause)}` : '';
  return `${fault.stack} ${JSON.stringify(fault.facts)} ${cause}`;
}
