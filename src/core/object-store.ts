/**
 * Where stored bytes live. Names are ours, never a caller's; objects are written once and never changed.
 * Whatever the medium does wrong is an ObjectStoreError.
 */

/** A new object being written; invisible until `publish`. */
export interface ObjectDraft {
  /** Appends. Waits when the disk is slower than the sender. */
  write(chunk: Uint8Array): Promise<void>;
  /**
   * Nothing more will be written; to be called for text (`encoding`), which is complete then. Resolves when all of it
   * was taken. Throws NotBase64, as `write` may do, and then the draft can only be discarded.
   */
  end(): Promise<void>;
  /** Bytes written so far; of text known when it is complete. */
  readonly bytes: number;
  /**
   * Reads back what was written so far, text when it is complete; short at the end. For checking structure before
   * publishing.
   */
  readAt(offset: number, length: number): Promise<Uint8Array>;
  /**
   * Makes the bytes durable under this name. After it returns they survive a power cut. A name that already
   * holds the same bytes is fine (a publish that was cut off and is repeated), other bytes are `taken`.
   * Nothing is lost when it throws, unless it says `lost`: it may be called again, for any name.
   */
  publish(name: string): Promise<{ bytes: number; sha256: string }>;
  /** Forgets the bytes; harmless after `publish`. */
  discard(): Promise<void>;
}

/** What a new draft is for. */
export interface DraftOptions {
  /**
   * The bytes cannot be had a second time (they came inside a paid answer). What the medium does not take is
   * then held in memory up to the store's bound, beyond it the sender waits, and `publish` writes it; repeat
   * `publish` until the medium is well again. Without it a write that the medium refuses throws at once.
   */
  isOnlyCopy?: boolean;
  /** What is written is the object's base64 text, strictly (RFC 4648 section 4), and is decoded on the way. */
  encoding?: 'base64';
}

/** Text that is no base64. */
export class NotBase64 extends Error {
  constructor() {
    super('not base64');
    this.name = 'NotBase64';
  }
}

/** A stored object opened for reading. */
export interface ObjectReader {
  readonly bytes: number;
  /** Streams `length` bytes from `offset`; the whole object by default. Call once. */
  stream(range?: { offset: number; length: number }): AsyncIterable<Uint8Array>;
  /**
   * Streams the whole object as base64 text, in blocks whose memory is used again before `close` when what was given
   * out is sent: `unsentBytes` says how much of what was handed on is still on its way, and the next block is asked for
   * when all but the last one were handed on. Call once.
   */
  lendBase64(unsentBytes: () => number): AsyncIterable<Uint8Array>;
  /** Reads one part, e.g. a header. */
  readAt(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface ObjectStore {
  /** Opens a draft. One of an only copy is opened whatever the medium does. */
  create(options?: DraftOptions): Promise<ObjectDraft>;
  /** Undefined when there is no such object. */
  open(name: string): Promise<ObjectReader | undefined>;
  /** True when something was removed; false when nothing was there. */
  remove(name: string): Promise<boolean>;
  /** Every stored object, or those whose name begins so, in any order. */
  list(prefix?: string): AsyncIterable<{ name: string; bytes: number }>;
  /** Throws when the store cannot take a new object now. For /readyz. */
  check(): Promise<void>;
  /** Bytes of only copies that are in memory because the medium has not taken them. */
  readonly heldBytes: number;
  close(): Promise<void>;
}

/**
 * Why the store could not do it: no room; writing not allowed; a name that already holds other bytes; the
 * medium gives other bytes back than it was given, which no repeating helps; anything else the disk or the
 * network did.
 */
export type ObjectStoreFault = 'full' | 'read_only' | 'taken' | 'lost' | 'io';

/** The one error a store throws over its medium; the driver's own is its `cause`. */
export class ObjectStoreError extends Error {
  readonly kind: ObjectStoreFault;

  constructor(kind: ObjectStoreFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ObjectStoreError';
    this.kind = kind;
  }
}
