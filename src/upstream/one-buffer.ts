import type { OnReadOpts, Socket } from 'node:net';
import symbols from 'undici/lib/core/symbols.js';

const bufferBytes = 64 * 1024;
let buffer: Buffer | undefined;

/** How far the reader of a socket is. */
interface Reading {
  /** A view of the one buffer, while its listeners are told and until they take it. */
  fresh: Buffer | undefined;
  /** What was given back, and what came all the same. None unless `hasEnough`. */
  waiting: Buffer[];
  hasEnough: boolean;
  /** The end has come, and is told when all before it was taken. */
  isOver: boolean;
}

const readings = new WeakMap<Socket, Reading>();

/**
 * By itself Node reads a socket into a new buffer of 64 kB each time. They are garbage at once, but lie outside the
 * heap, where hundreds of megabytes gather until the engine looks through its whole heap for them: 20 to 30 ms each
 * time in which the loop stands still.
 *
 * With this option of `net.connect` and `tls.connect` all sockets are read into one buffer. What `read()` gives is valid
 * until whoever listens to `readable` returns. undici hands it on before that, and when its consumer wants no more it
 * gives the rest back with `unshift`, if only an empty one: then the socket is not read until `read()` has given all
 * that waits.
 */
export const readIntoOneBuffer: OnReadOpts = {
  buffer: () => (buffer ??= Buffer.allocUnsafeSlow(bufferBytes)),
  // Node calls it as a method of the socket (lib/internal/stream_base_commons.js, onStreamRead).
  callback(this: unknown, bytes: number, filled: Uint8Array): boolean {
    const socket = this as Socket;
    const reading = readings.get(socket) ?? begin(socket);
    const piece = Buffer.from(filled.buffer, filled.byteOffset, bytes);
    if (!reading.hasEnough) {
      reading.fresh = piece;
      socket.emit('readable');
      keepHeaders(socket);
      if (reading.fresh === undefined) return !reading.hasEnough;
      reading.fresh = undefined;
    }
    // TLS goes on with what it has decrypted already, and asks nobody.
    reading.waiting.push(kept(piece));
    reading.hasEnough = true;
    return false;
  },
};

function begin(socket: Socket): Reading {
  const reading: Reading = { fresh: undefined, waiting: [], hasEnough: false, isOver: false };
  readings.set(socket, reading);
  const read = socket.read.bind(socket);
  const push = socket.push.bind(socket);

  socket.read = (size?: number) => {
    // Takes nothing: it has the stream look for its end.
    if (size === 0) return reading.hasEnough ? null : (read(size) as null);
    const piece = reading.fresh ?? reading.waiting.shift();
    reading.fresh = undefined;
    if (piece !== undefined) return piece;
    reading.hasEnough = false;
    if (reading.isOver) push(null);
    // Node's own has the socket read again.
    return read(size) as null;
  };

  socket.unshift = (rest: Buffer) => {
    reading.hasEnough = true;
    if (rest.length > 0) reading.waiting.unshift(kept(rest));
  };

  // Only the end comes this way. undici takes it for a cut, even where all of the answer has come but was not taken yet.
  socket.push = (chunk: unknown) => {
    if (chunk !== null || !reading.hasEnough) return push(chunk);
    reading.isOver = true;
    return false;
  };
  return reading;
}

/** undici's parser gathers an answer's headers as views of what it read, until it has seen the last of them. */
function keepHeaders(socket: Socket): void {
  const parser = (socket as { [symbols.kParser]?: { headers: Buffer[] } | null })[symbols.kParser];
  const headers = parser?.headers ?? [];
  for (const [place, part] of headers.entries()) headers[place] = kept(part);
}

/** Memory that stays longer than the one buffer does. */
function kept(part: Buffer): Buffer {
  return part.buffer === buffer?.buffer ? Buffer.from(part) : part;
}
