import type { DraftOptions } from '../core/object-store.ts';

/** What the thread that works on bytes is asked for. Memory is always a block's. */
export interface Jobs {
  /**
   * Takes the next block of a draft: decodes it in place where it is base64, adds it to the draft's hash, and writes it
   * behind the blocks before. What the disk does not take is decoded and hashed all the same and stays in its block,
   * and so do all blocks after it, until `file` says where to go on.
   */
  take: {
    ask: {
      draft: number;
      isFirst: boolean;
      /** None comes after it. */
      isLast: boolean;
      memory: SharedArrayBuffer;
      length: number;
      encoding: DraftOptions['encoding'];
      /** A path: the file is to be made; undefined: as before. */
      file: string | { descriptor: number; position: number } | undefined;
    };
    answer: {
      /** Of the draft, now in the block. `broken`: it is no base64; `lost`: blocks before it are not known. */
      bytes: number | 'broken' | 'lost';
      /** Of a file that was made. */
      descriptor?: number;
      isWritten: boolean;
      /** Of the first block that was not written. */
      fault?: SystemFault;
      /** Hex, of the whole draft, with its last block. */
      sha256?: string;
    };
  };
  /** Makes a file durable, gives it its name, makes that durable too, and closes it. */
  store: {
    ask: {
      descriptor: number;
      path: string;
      target: string;
      /** Not all of it was written by the thread. */
      wasWrittenBeside: boolean;
    };
    answer: {
      /** `there`: there is a file of that name already, and nothing was done to either. */
      how: 'stored' | 'there' | 'failed';
      /** The disk has all that was written. */
      isSynced: boolean;
      fault?: SystemFault;
    };
  };
  /** Reads a part of a file, and puts it into the block as base64. */
  encode: {
    ask: { descriptor: number; position: number; length: number; memory: SharedArrayBuffer };
    /** Characters; fewer than asked for at the end of the file. */
    answer: { characters: number; fault?: SystemFault };
  };
  /** The blocks of a draft are not gone on with. */
  forget: { ask: { draft: number }; answer: undefined };
  /** A draft's file is not needed any more. */
  close: { ask: { descriptor: number }; answer: undefined };
}

/** What the system said, as it goes from thread to thread: an Error would lose its code. */
export interface SystemFault {
  code: string;
  syscall: string;
  message: string;
}

export type JobMessage = {
  [Kind in keyof Jobs]: { number: number; kind: Kind } & Jobs[Kind]['ask'];
}[keyof Jobs];
export type AnswerMessage = { number: number; answer: Jobs[keyof Jobs]['answer'] };

/** Anything else is a mistake of the program and thrown on. */
export function toSystemFault(error: unknown): SystemFault {
  if (!(error instanceof Error && 'code' in error && 'syscall' in error)) throw error;
  return { code: String(error.code), syscall: String(error.syscall), message: error.message };
}

export function fromSystemFault({ message, ...facts }: SystemFault): Error {
  return Object.assign(new Error(message), facts);
}
