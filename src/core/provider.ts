import type { CardData } from './card.ts';
import type { UpstreamFault } from './fault.ts';
import type { ImageRequest } from './image-request.ts';
import type { CallImage, CallResult, TokenUsage } from './image-result.ts';
import type { NativeAdapter } from './native.ts';
import type { ObjectDraft } from './object-store.ts';
import type { Route, Credential } from './route.ts';
import type { FailedAnswer, UpstreamClient } from './upstream-client.ts';

/**
 * The port every upstream's adapter implements. A provider maps: ImageRequest -> the upstream's body, its
 * answer -> result, ticket or fault. It does not loop, retry, sleep, download, log or read settings.
 */

/** One call as it is handed to a provider. */
export interface ProviderCall {
  /** `n` and `seed` are this call's own. */
  request: ImageRequest;
  /** Unique to this attempt and durable before it is sent; for upstreams that can look up an id of ours. */
  ourId: string;
}

/** What a provider may use during an exchange. */
export interface ProviderContext {
  route: Route;
  client: UpstreamClient;
  signal: AbortSignal;
  /** Milliseconds since 1970. */
  now(): number;
  /** Absent: nobody wants to see an image before it is done. */
  previews?: PreviewTaker;
  /**
   * Takes an image as soon as the upstream has made it, while others are still being made; the result names it all
   * the same. With its own usage where the upstream says it. Absent: nobody wants to see one before the others.
   */
  onImage?: (image: CallImage, usage?: TokenUsage) => void;
}

/** Who wants to see images while they are being made, from upstreams that show them (public-api.md section 4.7). */
export interface PreviewTaker {
  /** Previews wanted of each image, 0 to 3; fewer may come, or none. 0: only the images, each as soon as it is made. */
  perImage: number;
  /** The answer waits for it, so it must be quick; the draft is gone afterwards. What it throws is lost. */
  take(preview: Preview): Promise<void>;
}

/** An image before it is done. */
export interface Preview {
  /** As of the image within its call; a guess where the upstream does not say which of several it shows. */
  position: number;
  /** From 0 within its image. */
  number: number;
  draft: ObjectDraft;
}

/** An upstream's handle for unfinished work: plain JSON that means something only to its provider. */
export type Ticket = Readonly<Record<string, unknown>>;

/** The state of a task. */
export type TaskState =
  | { state: 'running' }
  | { state: 'done'; result: CallResult }
  | { state: 'failed'; fault: UpstreamFault };

/** What is true of a provider, declared so that shared code need not ask for it by name. */
export interface ProviderFacts {
  /** As in routes, headers and records: `kling`. */
  name: string;
  /** As people know it, e.g. `Kling`; absent: its name. */
  title?: string;
  /** The vendor's public address, used when no base URL is set. */
  defaultBaseUrl: string;
  /** Environment names start with this: `KLING` -> KLING_API_KEY, KLING_BASE_URL. */
  envPrefix: string;
  /** Credentials it can work with: one key, or an access key with a secret key. */
  credentials: readonly Exclude<Credential['kind'], 'none'>[];
  /** True: some servers of this kind want no key, and a route may say so (`keyless`). */
  keyOptional?: boolean;
  /** The models it serves out of the box. */
  cards: readonly CardData[];
  /** The card for a model that has none, where the provider allows that. */
  openCard?: (model: string) => CardData;
  /** Headers that carry the credential. `body` is the exact text sent, for providers that sign it; empty for a form. */
  authorize(
    credential: Credential,
    exchange: { method: string; url: string; body: string; nowMs: number },
  ): Record<string, string> | Promise<Record<string, string>>;
  /** What a refusal of this upstream means: status, parsed body (undefined when it is not JSON) and headers -> fault. Pure. */
  readFault(answer: FailedAnswer): UpstreamFault;
  /** What takes up one place of an account's concurrency: a call (so when absent), or each image it may make. */
  slotPer?: 'image' | 'call';
  /** How a body in the upstream's own words is taken; absent: it is not. */
  native?: NativeAdapter;
  /** How many input-independent milliseconds one image usually takes; for people and for poll pacing. */
  usualMs: number;
}

/** Answers with the images in one exchange. */
export interface DirectProvider extends ProviderFacts {
  kind: 'direct';
  /** Throws UpstreamFault. */
  generate(call: ProviderCall, context: ProviderContext): Promise<CallResult>;
}

/** Answers with a ticket that is polled. */
export interface TaskProvider extends ProviderFacts {
  kind: 'task';
  /** How often to ask: first after `firstMs`, then every `everyMs`. */
  poll: { firstMs: number; everyMs: number };
  /** Throws UpstreamFault. */
  submit(call: ProviderCall, context: ProviderContext): Promise<Ticket>;
  /** Throws UpstreamFault when the question itself failed; the task may still be running then. */
  check(ticket: Ticket, context: ProviderContext): Promise<TaskState>;
  /** Looks a submit up by our own id: its ticket, or undefined when the upstream never accepted it. */
  find?(ourId: string, context: ProviderContext): Promise<Ticket | undefined>;
}

export type Provider = DirectProvider | TaskProvider;
