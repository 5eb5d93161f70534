import { Readable, pipeline } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { UpstreamFault } from '../core/fault.ts';
import type { Incoming } from './send.ts';

const decoders = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/**
 * An answer's body without its content encoding. We ask for none, but a proxy in between may compress all the same, and
 * the answer has been paid for. Each piece is valid until the next is asked for. Limits are to be set on what comes out
 * of here.
 * Throws UpstreamFault `bad_reply` for an encoding that is unknown or broken; SendFailure comes through.
 */
export function decodeContent(incoming: Incoming): AsyncIterable<Uint8Array> {
  const encoding = incoming.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  return encoding === 'identity' || encoding === '' ? incoming.body : decoded(incoming, encoding);
}

async function* decoded(incoming: Incoming, encoding: string): AsyncGenerator<Uint8Array> {
  if (!Object.hasOwn(decoders, encoding)) {
    incoming.cancel();
    throw new UpstreamFault('bad_reply', { details: 'unreadable answer: an unknown content encoding' });
  }
  let cutOff: unknown;
  const source = Readable.from(copied(incoming.body), { objectMode: false });
  const decoder = decoders[encoding as keyof typeof decoders]();
  source.once('error', (error) => {
    cutOff = error;
  });
  pipeline(source, decoder, () => {});
  try {
    for await (const chunk of decoder) yield chunk as Uint8Array;
  } catch (error) {
    if (cutOff !== undefined) throw cutOff;
    throw new UpstreamFault('bad_reply', {
      details: 'unreadable answer: broken content encoding',
      cause: error,
    });
  } finally {
    incoming.cancel();
  }
}

/** A stream reads ahead, beyond what is valid. */
async function* copied(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield new Uint8Array(chunk);
}
