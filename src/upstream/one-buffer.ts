import type { OnReadOpts, Socket } from 'node:net';
import symbols from 'undici/lib/core/symbols.js';

const bufferBytes = 64 * 1024;
let buffer: Buffer | undefined;

/** How far the reader of a socket is. */
interface Reading {
  /** Not taken yet: a view of the one buffer while its listeners are told, copies when they did not take it. */
  pieces: Buffer[];
  hasEnough: boolean;
}

const readings = new WeakMap<Socket, Reading>();

/**
 * By itself Node reads a socket into a new buffer of 64 kB each time. They are garbage at once, but lie outside the
 * heap, where hundreds of megabytes gather until the engine looks through its whole heap for them: stalls of 20 to
 * 30 ms, and more CPU than all the rest of a request of 6 MB takes on the loop.
 *
 * With this option of `net.connect` and `tls.connect` all sockets are read into one buffer. What `read()` gives is valid
 * until whoever listens to `readable` returns. undici hands it on before that, and when its consumer wants no more it
 * gives the rest back with `unshift`, if only an empty one: then the socket is not read until `read()` is called again.
 */
export const readIntoOneBuffer: OnReadOpts = {
  buffer: () => (buffer ??= Buffer.allocUnsafeSlow(bufferBytes)),
  // Node calls it as a method of the socket (lib/internal/stream_base_commons.js, onStreamRead).
  callback(this: unknown, bytes: number, filled: Uint8Array): boolean {
    const socket = this as Socket;
    const reading = readings.get(socket) ?? begin(socket);
    const piece = Buffer.from(filled.buffer, filled.byteOffset, bytes);
    if (!reading.hasEnough) {
      reading.pieces.push(piece);
      socket.emit('readable');
      keepHeaders(socket);
      if (reading.pieces.pop() === undefined) return !reading.hasEnough;
    }
    // TLS goes on with what it has decrypted already, and asks nobody.
    reading.pieces.push(Buffer.from(piece));
    reading.hasEnough = true;
    return false;
  },
};

function begin(socket: Socket): Reading {
  const reading: Reading = { pieces: [], hasEnough: false };
  readings.set(socket, reading);
  const read = socket.read.bind(socket);
  const unshift = socket.unshift.bind(socket);

  socket.read = (size?: number) => {
    // Takes nothing: it has the stream look for its end.
    if (size === 0) return read(size) as null;
    if (reading.hasEnough) {
      reading.hasEnough = false;
      socket.resume();
    }
    // What was given back came before.
    const piece = socket.readableLength > 0 ? undefined : reading.pieces.shift();
    return piece ?? (read(size) as Buffer | null);
  };

  socket.unshift = (rest: Uint8Array) => {
    reading.hasEnough = true;
    // It stays longer than the one buffer does.
    if (rest.length > 0) unshift(Buffer.from(rest));
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
