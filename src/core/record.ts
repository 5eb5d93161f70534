import type { PublicError } from './errors.ts';
import type { ImageFormat } from './image-format.ts';
import type { TokenUsage } from './image-result.ts';
import type { Cost } from './price.ts';
import type { Ticket } from './provider.ts';

/** What is kept of one generation. Plain data; the wire form is made in http/v1/wire.ts. */
export interface GenerationRecord {
  id: string;
  /** Internal id of the key that owns it. */
  keyId: string;
  status: 'in_progress' | 'completed' | 'failed';
  /** Catalog id. */
  model: string;
  prompt: string;
  /** What the caller asked for, by the field names of the API, checked; without prompt, images and masks. */
  parameters: Readonly<Record<string, unknown>>;
  createdAtMs: number;
  finishedAtMs: number | undefined;
  images: readonly StoredImage[];
  failedImages: readonly FailedImage[];
  warnings: readonly Warning[];
  error: PublicError | undefined;
  usage: RecordUsage | undefined;
  /** Undefined until a call was tried. */
  provider: string | undefined;
  /** `ark/primary`, `sandbox/ark`. */
  servedBy: string | undefined;
  providerModel: string | undefined;
  /** Exchanges that asked for images, retries included. */
  attempts: number;
  /** The images came after a caller had been answered with a timeout or a failure. Absent: they did not. */
  late?: true;
}

export interface StoredImage {
  index: number;
  /** The object's name. */
  object: string;
  format: ImageFormat;
  width: number;
  height: number;
  bytes: number;
  sha256: string;
  /** The file carries content credentials (C2PA), by its structure; whether they are good is not judged. */
  contentCredentials: boolean;
  revisedPrompt: string | undefined;
}

export interface FailedImage {
  index: number;
  error: PublicError;
}

/** What lenient handling changed, or what the upstream is known to ignore. */
export interface Warning {
  param: string;
  requested: unknown;
  used: unknown;
  message: string;
}

export interface RecordUsage extends TokenUsage {
  generatedImages: number;
  outputTokens: number;
  totalTokens: number;
  cost: Cost | null;
}

/** Where one call of a generation stands. Each step is durable before the next begins. */
export type CallState = 'open' | 'sent' | 'waiting' | 'storing' | 'done' | 'failed';

/** One call of a generation as it is kept while it runs, so that a dead process's work can be finished. */
export interface CallRecord {
  generationId: string;
  /** From 0 within the generation. */
  number: number;
  state: CallState;
  /** The index of its first image within the generation. */
  firstIndex: number;
  /** Images it was asked for; of a group: the most that can come. */
  images: number;
  /** `model`, `provider/name` of the route it was last sent by. */
  route: string | undefined;
  /** Our id for this attempt, durable before it is sent. */
  ourId: string | undefined;
  ticket: Ticket | undefined;
  /** Links still to be fetched, once the upstream has answered. */
  links: readonly PendingLink[] | undefined;
  attempts: number;
  /** What went wrong, per attempt, for the operator. */
  tried: readonly TriedRoute[];
}

export interface PendingLink {
  index: number;
  url: string;
  revisedPrompt?: string;
}

export interface TriedRoute {
  route: string;
  /** FaultKind or `ok`. */
  outcome: string;
  atMs: number;
  details?: string;
  /** The image that failed, where the call itself did not. */
  index?: number;
}
