import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  copiesOf,
  copyFits,
  copyHash,
  copyObjectName,
  copySize,
  deliveredForm,
  readCopyObjectName,
  thumbnailForm,
  type CopyForm,
  type PictureForm,
} from './image-copy.ts';
import { fc } from '../../test/kit/made-up.ts';

const id = 'img_01K3ZQ8V5N7D2M4R6T9W1X3Y5B';
const image = { index: 0, sha256: 'ab'.repeat(32) };

function form(parameters: Record<string, unknown>, format: 'png' | 'jpeg' | 'gif' = 'png'): PictureForm {
  return deliveredForm({ parameters }, { format });
}

test('an image is converted where another format was asked for, and only then', () => {
  assert.equal(form({}), undefined);
  assert.equal(form({ output_format: 'png' }), undefined);
  assert.deepEqual(form({ output_format: 'webp' }), { as: 'webp' });
  assert.deepEqual(form({ output_format: 'png' }, 'gif'), { as: 'png' });
  assert.deepEqual(form({ output_format: 'jpeg', output_compression: 60 }), { as: 'jpeg', quality: 60 });
  assert.deepEqual(form({ output_format: 'jpeg', output_compression: 0 }), { as: 'jpeg', quality: 1 });
  assert.equal(form({ output_format: 'jpeg', output_compression: 60 }, 'jpeg'), undefined);
});

test('one side gives the other by the ratio, a box is filled as its fit says', () => {
  const wide = { width: 2000, height: 1000 };
  assert.deepEqual(copySize(wide, {}), wide);
  assert.deepEqual(copySize(wide, { width: 500 }), { width: 500, height: 250 });
  assert.deepEqual(copySize(wide, { height: 500 }), { width: 1000, height: 500 });
  const box = { width: 400, height: 400 };
  assert.deepEqual(copySize(wide, box), { width: 400, height: 200 });
  assert.deepEqual(copySize(wide, { ...box, fit: 'inside' }), { width: 400, height: 200 });
  assert.deepEqual(copySize(wide, { ...box, fit: 'cover' }), box);
  assert.deepEqual(copySize(wide, { ...box, fit: 'contain' }), box);
});

test('a picture is never made larger: its box shrinks in the ratio asked for', () => {
  const wide = { width: 2000, height: 1000 };
  const large = { width: 4000, height: 4000 };
  assert.deepEqual(copySize(wide, { width: 4000 }), wide);
  assert.deepEqual(copySize(wide, { ...large, fit: 'inside' }), wide);
  assert.deepEqual(copySize(wide, { ...large, fit: 'cover' }), { width: 1000, height: 1000 });
  assert.deepEqual(copySize(wide, { ...large, fit: 'contain' }), { width: 2000, height: 2000 });
});

test('no copy leaves its box, has no pixels, or is larger than its picture', () => {
  const side = fc.integer({ min: 1, max: 6000 });
  fc.assert(
    fc.property(
      fc.record({ width: side, height: side }),
      fc.record({ width: side, height: side, fit: fc.constantFrom(...copyFits) }),
      (original, form) => {
        const { width, height } = copySize(original, form);
        assert.ok(Number.isInteger(width) && Number.isInteger(height) && width >= 1 && height >= 1);
        assert.ok(width <= form.width && height <= form.height, 'within its box');
        const fitsIn = width <= original.width && height <= original.height;
        assert.ok(fitsIn || form.fit === 'contain', 'not larger');
      },
    ),
    { numRuns: 2000 },
  );
});

test('a copy has its own name, which says whose it is', () => {
  const forms: CopyForm[] = [
    thumbnailForm,
    { as: 'webp' },
    { as: 'webp', quality: 80 },
    { as: 'webp', width: 80 },
    { as: 'webp', height: 80 },
    { as: 'jpeg', width: 80, height: 80 },
    { as: 'jpeg', width: 80, height: 80, fit: 'cover' },
  ];
  const names = [
    ...forms.map((form) => copyObjectName(id, image, form, 'one')),
    copyObjectName(id, image, thumbnailForm, 'two'),
    copyObjectName(id, { ...image, sha256: 'cd'.repeat(32) }, thumbnailForm, 'one'),
    copyObjectName(id, { ...image, index: 1 }, thumbnailForm, 'one'),
  ];
  assert.equal(new Set(names).size, names.length);
  for (const name of names) {
    assert.ok(name.startsWith(copiesOf(id)), name);
    assert.deepEqual(readCopyObjectName(name), { generationId: id });
  }
  assert.equal(
    copyHash(image, { as: 'webp', width: 8 }, 'r') === copyHash(image, { as: 'webp', height: 8 }, 'r'),
    false,
  );
  for (const name of [`images/5b/${id}_0.png`, 'copies/5b/else.webp', `copies/5b/${id}_0.webp`])
    assert.equal(readCopyObjectName(name), undefined, name);
});
