import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../../core/errors.ts';
import { ObjectStoreError, type ObjectReader } from '../../core/object-store.ts';
import type { StoredImage } from '../../core/record.ts';
import type { PictureFiles } from '../../generation/picture-files.ts';
import { openRecord } from '../../../test/kit/generation-record.ts';
import { base64Reply } from './base64-reply.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

function image(index: number, bytes: number): StoredImage {
  return {
    index,
    object: `images/${index}.png`,
    format: 'png',
    width: 8,
    height: 8,
    bytes,
    sha256: '0'.repeat(64),
    contentCredentials: false,
    revisedPrompt: undefined,
  };
}

/** Pictures that come in these blocks; the one after a block that is missing cannot be read. */
function picturesOf(blocks: readonly (readonly (Uint8Array | undefined)[])[]) {
  let open = 0;
  const readerOf = (index: number): ObjectReader => {
    open += 1;
    return {
      bytes: (blocks[index] ?? []).reduce((sum, block) => sum + (block?.length ?? 0), 0),
      stream: () => assert.fail('not asked for'),
      readAt: () => assert.fail('not asked for'),
      async *lendBase64() {
        const shared = Buffer.alloc(16);
        for (const block of blocks[index] ?? []) {
          if (block === undefined) throw new ObjectStoreError('io', 'A stored object cannot be read.');
          // As the port says: its memory is used again.
          yield shared.subarray(0, shared.write(Buffer.from(block).toString('base64'), 'latin1'));
        }
      },
      close() {
        open -= 1;
        return Promise.resolve();
      },
    };
  };
  const pictures: Pick<PictureFiles, 'open'> = {
    open: (_id, { index }) => Promise.resolve({ format: 'png', reader: readerOf(index) }),
  };
  return { pictures: pictures as PictureFiles, left: () => open };
}

test('a reply taken whole is the one that comes in pieces, with the pictures as they are', async () => {
  const blocks = [[Buffer.from('first pic'), Buffer.from('ture')], [Buffer.from('second')]];
  const { pictures, left } = picturesOf(blocks);
  const record = openRecord({ id: 'img_one', images: [image(0, 13), image(1, 6)] });
  const [inPieces, atOnce] = [
    await base64Reply(record, () => 0, { pictures, log }),
    await base64Reply(record, () => 0, { pictures, log }),
  ];
  let text = '';
  for await (const chunk of inPieces.chunks)
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1');
  await inPieces.close();
  assert.equal(await atOnce.whole(), text);
  assert.deepEqual([inPieces.length, atOnce.length], [text.length, text.length]);
  const { data } = JSON.parse(text) as { data: { b64_json: string }[] };
  assert.deepEqual(
    data.map(({ b64_json: picture }) => Buffer.from(picture, 'base64').toString()),
    ['first picture', 'second'],
  );
  assert.equal(left(), 0);
});

test('a picture that cannot be read to its end is no reason to buy it again, and all are let go', async () => {
  const { pictures, left } = picturesOf([[Buffer.from('first')], [Buffer.from('sec'), undefined]]);
  const record = openRecord({ id: 'img_one', images: [image(0, 5), image(1, 6)] });
  const reply = await base64Reply(record, () => 0, { pictures, log });
  await assert.rejects(
    reply.whole(),
    (error) => error instanceof GatewayError && error.reason === 'outcome_unknown' && error.status === 424,
  );
  assert.equal(left(), 0);
});
