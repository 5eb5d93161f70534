/** Where stored bytes live. Names are ours, never a caller's; objects are written once and never changed. */

/** A new object being written; invisible until `publish`. */
export interface ObjectDraft {
  /** Appends. Waits when the disk is slower than the sender. */
  write(chunk: Uint8Array): Promise<void>;
  /** Bytes written so far. */
  readonly bytes: number;
  /** Reads back what was written so far; short at the end. For checking structure before publishing. */
  readAt(offset: number, length: number): Promise<Uint8Array>;
  /** Makes the bytes durable under this name. After it returns they survive a power cut. */
  publish(name: string): Promise<{ bytes: number; sha256: string }>;
  /** Forgets the bytes; harmless after `publish`. */
  discard(): Promise<void>;
}

/** A stored object opened for reading. */
export interface ObjectReader {
  readonly bytes: number;
  /** Streams `length` bytes from `offset`; the whole object by default. Call once. */
  stream(range?: { offset: number; length: number }): AsyncIterable<Uint8Array>;
  /** Reads one part, e.g. a header. */
  readAt(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface ObjectStore {
  /** Opens a draft. */
  create(): Promise<ObjectDraft>;
  /** Undefined when there is no such object. */
  open(name: string): Promise<ObjectReader | undefined>;
  /** True when something was removed; false when nothing was there. */
  remove(name: string): Promise<boolean>;
  /** Every stored object, in any order. */
  list(): AsyncIterable<{ name: string; bytes: number }>;
  /** Throws when the store cannot take a new object now. For /readyz. */
  check(): Promise<void>;
  close(): Promise<void>;
}
