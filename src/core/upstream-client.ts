import type { UpstreamFault } from './fault.ts';
import type { ObjectDraft } from './object-store.ts';

/** An answer that is not a success, as far as it could be read. */
export interface FailedAnswer {
  status: number;
  headers: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON, or undefined when the body is not JSON. */
  body: unknown;
}

/** A body that is no text, e.g. a form with pictures. It goes out with its length: small servers take no chunked requests. */
export interface BinaryBody {
  /** Bytes, exactly. */
  length: number;
  /** From the first byte on, each time it is called. */
  chunks: () => Iterable<Uint8Array>;
}

/** One exchange with an upstream as a provider asks for it. */
export interface Exchange<T> {
  method: 'GET' | 'POST';
  /** The full address: the route's base URL and a path. */
  url: string;
  headers: Record<string, string>;
  /** The exact text or bytes to send; what type they are stands in `headers`. */
  body?: string | BinaryBody;
  /** JSON names whose string values are base64 pictures: decoded into drafts while they arrive (e.g. `b64_json`). */
  heldKeys?: readonly string[];
  /** True for a question that costs nothing (a poll, a look-up): no answer within seconds is no lost money. */
  harmless?: boolean;
  /**
   * The longest wait for the answer's first line, ms, where the upstream answers at once: a lost answer is then
   * noticed while something can be done. Absent: as long as drawing takes; for a harmless question 30 s.
   */
  answerWithinMs?: number;
  /** Refusals (status >= 400, or a success the reader refuses). */
  readFault(answer: FailedAnswer): UpstreamFault;
  /** Reads a 2xx answer. Throws UpstreamFault; anything else thrown means the answer was not as documented. */
  read(answer: Answer): T;
  /** Reads a 2xx answer that comes as server-sent events; absent: such an answer is not as documented. */
  events?: EventReader<T>;
}

/**
 * Reads the events of one answer, in their order; made for one exchange, so it may remember. An event's data is
 * JSON (`[DONE]` is not passed on), its name is in no event: every image stream says its type in the data.
 */
export interface EventReader<T> {
  /**
   * Takes one event. True: its drafts are needed for the result; else they are discarded when it is done.
   * Throws UpstreamFault; anything else thrown means the event was not as documented. Either ends the stream.
   */
  take(event: Answer): boolean | Promise<boolean>;
  /**
   * The stream has ended, because of `fault` when it did not end well. Gives the result, or throws: the fault, or
   * what is wrong with the events. Images that came before a fault were paid for and are a result.
   */
  end(fault: UpstreamFault | undefined): T;
}

/** A 2xx answer, or one event of it. */
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
