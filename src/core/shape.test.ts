import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SizeRules } from './card.ts';
import { GatewayError } from './errors.ts';
import { nearestSize, resolveShape } from './shape.ts';

const free: SizeRules = {
  presets: { '2K': { '1:1': [2048, 2048], '16:9': [2848, 1600], '4:3': [2304, 1728] } },
  free: { multipleOf: 1, minPixels: 3_686_400, maxPixels: 16_777_216, minRatio: 1 / 16, maxRatio: 16 },
  defaultTier: '2K',
  defaultRatio: '1:1',
  shapeWithInputs: 'nearest',
};
const listed: SizeRules = {
  presets: {
    '1K': { '1:1': [1024, 1024], '3:2': [1248, 832] },
    '2K': { '1:1': [2048, 2048], '3:2': [2496, 1664] },
  },
  defaultTier: '1K',
  defaultRatio: '1:1',
  shapeWithInputs: 'upstream',
};

function refusal(run: () => unknown): GatewayError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof GatewayError);
    return error;
  }
  throw new assert.AssertionError({ message: 'was not refused' });
}

test('without any wish the shape is the default preset', () => {
  assert.deepEqual(resolveShape(free, {}, undefined, 'ratio'), {
    tier: '2K',
    ratio: '1:1',
    pixels: { width: 2048, height: 2048 },
  });
});

test('a ratio picks the preset of that ratio at the chosen tier', () => {
  assert.deepEqual(resolveShape(listed, { ratio: '3:2', qualityTier: '2K' }, undefined, 'ratio').pixels, {
    width: 2496,
    height: 1664,
  });
});

test('a listed size is translated to its tier and ratio', () => {
  assert.deepEqual(resolveShape(listed, { size: '2496x1664' }, undefined, 'ratio'), {
    tier: '2K',
    ratio: '3:2',
    pixels: { width: 2496, height: 1664 },
  });
});

test('with an input the shape follows it: by the upstream where it has a rule, else by the nearest preset', () => {
  assert.equal(resolveShape(listed, {}, { width: 300, height: 900 }, 'ratio').ratio, undefined);
  assert.equal(resolveShape(free, {}, { width: 1920, height: 1080 }, 'ratio').ratio, '16:9');
});

test('a size below the minimum is refused, naming the nearest legal size and the lenient preference', () => {
  const error = refusal(() => resolveShape(free, { size: '1024x1024' }, undefined, 'ratio'));
  assert.equal(error.param, 'size');
  assert.match(error.message, /1920x1920/);
  assert.match(error.message, /handling=lenient/);
});

test('a size that is not in a closed list is refused with the list', () => {
  assert.match(
    refusal(() => resolveShape(listed, { size: '1000x1000' }, undefined, 'ratio')).message,
    /1248x832/,
  );
});

test('a size with a contradicting ratio or quality is refused on size', () => {
  assert.equal(
    refusal(() => resolveShape(listed, { size: '1024x1024', ratio: '3:2' }, undefined, 'ratio')).param,
    'size',
  );
  assert.equal(
    refusal(() => resolveShape(listed, { size: '1024x1024', qualityTier: '2K' }, undefined, 'ratio')).param,
    'size',
  );
  assert.equal(
    refusal(() => resolveShape(listed, { size: '1K', qualityTier: '2K' }, undefined, 'ratio')).param,
    'size',
  );
});

test('a size that agrees with its ratio and quality is taken', () => {
  assert.equal(
    resolveShape(listed, { size: '1248x832', ratio: '3:2', qualityTier: '1K' }, undefined, 'ratio').tier,
    '1K',
  );
  assert.equal(
    resolveShape(free, { size: '2560x1440', ratio: '16:9' }, undefined, 'ratio').pixels?.width,
    2560,
  );
});

test('the nearest size keeps the ratio, scales to the bound and rounds inward', () => {
  assert.deepEqual(nearestSize(free, { width: 1024, height: 1024 }), { width: 1920, height: 1920 });
  const wide = nearestSize(free, { width: 1920, height: 1080 });
  assert.ok(wide.width * wide.height >= 3_686_400 && wide.width % 16 === 0 && wide.height % 16 === 0);
  const huge = nearestSize(free, { width: 9000, height: 9000 });
  assert.deepEqual(huge, { width: 4096, height: 4096 });
  assert.deepEqual(nearestSize(listed, { width: 1000, height: 1000 }), { width: 1024, height: 1024 });
});
