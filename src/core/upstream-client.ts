import type { UpstreamFault } from './fault.ts';
import type { ObjectDraft } from './object-store.ts';

/** An answer that is not a success, as far as it could be read. */
export interface FailedAnswer {
  status: number;
  headers: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON, or undefined when the body is not JSON. */
  body: unknown;
}

/** One exchange with an upstream as a provider asks for it. */
export interface Exchange<T> {
  method: 'GET' | 'POST';
  /** The full address: the route's base URL and a path. */
  url: string;
  headers: Record<string, string>;
  /** The exact text to send. */
  body?: string;
  /** JSON names whose string values are base64 pictures: decoded into drafts while they arrive (e.g. `b64_json`). */
  heldKeys?: readonly string[];
  /** True for a question that costs nothing (a poll, a look-up): a broken answer is then no lost money. */
  harmless?: boolean;
  /** Refusals (status >= 400, or a success the reader refuses). */
  readFault(answer: FailedAnswer): UpstreamFault;
  /** Reads a 2xx answer. Throws UpstreamFault; anything else thrown means the answer was not as documented. */
  read(answer: Answer): T;
}

/** A 2xx answer. */
export interface Answer {
  status: number;
  headers: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON; a held picture stands in it as `{ "held": k }`, k being its place in `held`. */
  body: unknown;
  held: readonly ObjectDraft[];
}

/** How providers reach the outside: real sockets, bounded sizes and times. */
export interface UpstreamClient {
  /**
   * Throws UpstreamFault: `not_sent` when no byte of the request was written, `unknown` when it was and no
   * answer came, `bad_reply` when the answer cannot be read, else what `readFault` says. Drafts that the
   * reader did not hand on are discarded.
   */
  exchange<T>(exchange: Exchange<T>, signal: AbortSignal): Promise<T>;
}
