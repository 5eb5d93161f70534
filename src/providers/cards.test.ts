import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { cardSchema } from '../core/card.ts';
import type { Card } from '../core/card.ts';
import { priceSchema } from '../core/price.ts';
import { listSizes, resolveShape } from '../core/shape.ts';
import { providers } from './registry.ts';

/** public-api.md section 4.2, cell by cell: what a card must take and what it must not. */
interface Cells {
  provider: string;
  upstreamModel: string;
  maxN: number;
  native: boolean;
  sizes: string[];
  notSizes: string[];
  ratios: string[];
  quality?: { own: string[]; words: Record<string, string>; not: string[] };
  watermark: { takes: boolean[]; preset?: boolean };
  seed: boolean;
  group: boolean;
  preset: { size: string; pixels: string };
  /** Of the reply; url unless told (4.1). */
  format?: 'b64_json';
  maxInputs: number;
  maxPrompt: number;
  price: Record<string, string>[];
}

const eight = ['16:9', '9:16', '1:1', '4:3', '3:4', '3:2', '2:3', '21:9'];
const listA = (
  '1024x1024 1248x832 832x1248 1168x880 880x1168 1360x768 768x1360 1552x656 ' +
  '2048x2048 2496x1664 1664x2496 2336x1760 1760x2336 2720x1536 1536x2720 3104x1312'
).split(' ');
const listB = (
  '1024x1024 848x1264 1264x848 896x1200 1200x896 928x1152 1152x928 768x1376 1376x768 1584x672 ' +
  '2048x2048 1696x2528 2528x1696 1792x2400 2400x1792 1856x2304 2304x1856 1536x2752 2752x1536 3168x1344 ' +
  '4096x4096 3392x5056 5056x3392 3584x4800 4800x3584 3712x4608 4608x3712 3072x5504 5504x3072 6336x2688'
).split(' ');
const tokens: Record<string, string> = {
  '1K': '1024x1024 1152x864 864x1152 1312x736 736x1312 1248x832 832x1248 1568x672',
  '2K': '2048x2048 2304x1728 1728x2304 2848x1600 1600x2848 2496x1664 1664x2496 3136x1344',
  '3K': '3072x3072 3456x2592 2592x3456 4096x2304 2304x4096 3744x2496 2496x3744 4704x2016',
  '4K': '4096x4096 4704x3520 3520x4704 5504x3040 3040x5504 4992x3328 3328x4992 6240x2656',
};
const presets = (...tiers: string[]): string[] => tiers.flatMap((tier) => (tokens[tier] ?? '').split(' '));
const tierWords = { standard: '1K', low: '1K', medium: '1K', high: '2K', hd: '2K' };
const usd = (amount: string): Record<string, string> => ({ unit: 'image', amount, currency: 'USD' });

const seedream = {
  provider: 'ark',
  maxN: 10,
  native: false,
  ratios: eight,
  watermark: { takes: [true, false], preset: false },
  seed: true,
  group: true,
  preset: { size: '2K', pixels: '2048x2048' },
  maxInputs: 14,
  maxPrompt: 4000,
};

const cells: Record<string, Cells> = {
  'kling-image-o1': {
    provider: 'kling',
    upstreamModel: 'kling-image-o1',
    maxN: 9,
    native: true,
    sizes: ['1K', '2K', ...listA],
    notSizes: ['4K', '3K', '1k', '1000x1000', '1024*1024', '1024\u00D71024'],
    ratios: eight,
    quality: { own: ['1K', '2K'], words: tierWords, not: ['4K', 'ultra'] },
    watermark: { takes: [true, false], preset: false },
    seed: false,
    group: false,
    preset: { size: '1K', pixels: '1024x1024' },
    maxInputs: 10,
    maxPrompt: 2500,
    price: [usd('0.028')],
  },
  'seedream-4.5': {
    ...seedream,
    upstreamModel: 'seedream-4-5-251128',
    sizes: ['2K', '4K', ...presets('2K', '4K'), '3750x1250', '1920x1920'],
    notSizes: ['1K', '3K', '1024x1024', '1500x1500', '4096x4097', '16000x999'],
    price: [usd('0.040')],
  },
  'seedream-4.0': {
    ...seedream,
    upstreamModel: 'seedream-4-0-250828',
    sizes: ['1K', '2K', '4K', ...presets('1K', '2K', '4K'), '1600x600', '1024x1024'],
    notSizes: ['3K', '800x800', '16384x1025'],
    price: [usd('0.030')],
  },
  'dola-seedream-5.0-lite': {
    ...seedream,
    upstreamModel: 'seedream-5-0-260128',
    sizes: ['2K', '3K', ...presets('2K', '3K'), '3750x1250'],
    notSizes: ['1K', '4K', '1024x1024', '4096x4096'],
    price: [usd('0.035')],
  },
  'nano-banana-pro': {
    provider: 'gemini',
    upstreamModel: 'gemini-3-pro-image',
    maxN: 10,
    native: false,
    sizes: ['1K', '2K', '4K', ...listB],
    notSizes: ['512', '512x512', '3K', '1k', '1000x1000'],
    ratios: ['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'],
    quality: { own: ['1K', '2K', '4K'], words: tierWords, not: ['512', '3K'] },
    watermark: { takes: [false], preset: false },
    seed: true,
    group: false,
    preset: { size: '1K', pixels: '1024x1024' },
    maxInputs: 14,
    maxPrompt: 8000,
    price: [
      { ...usd('0.134'), size: '1K' },
      { ...usd('0.134'), size: '2K' },
      { ...usd('0.24'), size: '4K' },
    ],
  },
  'glm-image': {
    provider: 'zai',
    upstreamModel: 'glm-image',
    maxN: 10,
    native: false,
    sizes: [
      ...'1280x1280 1568x1056 1056x1568 1472x1088 1088x1472 1728x960 960x1728'.split(' '),
      ...'1792x1024 1536x1024 1024x1024 1024x1536 1024x1792 2048x2048'.split(' '),
    ],
    notSizes: ['1K', 'default', 'hd', '1920x1080', '1000x1024', '2080x1024', '512x512', '1030x1030'],
    ratios: ['1:1', '3:2', '2:3', '4:3', '3:4', '16:9', '9:16'],
    quality: {
      own: ['hd'],
      words: { standard: 'hd', low: 'hd', medium: 'hd', high: 'hd' },
      not: ['1K', '4K'],
    },
    watermark: { takes: [true, false] },
    seed: false,
    group: false,
    preset: { size: '1280x1280', pixels: '1280x1280' },
    maxInputs: 0,
    maxPrompt: 4000,
    price: [usd('0.015')],
  },
  // Not in 4.2: openai-images.md sections 2 to 4.
  'gpt-image-2': {
    provider: 'openai',
    upstreamModel: 'gpt-image-2',
    maxN: 10,
    native: true,
    sizes: [
      ...'1K 2K 4K 1024x1024 1536x1024 1024x1536 1280x960 960x1280 1536x864 864x1536 1568x672'.split(' '),
      ...'2048x2048 2304x1536 1536x2304 2304x1728 1728x2304 2560x1440 1440x2560 3024x1296'.split(' '),
      ...'2880x2880 3456x2304 2304x3456 3264x2448 2448x3264 3840x2160 2160x3840 3840x1648'.split(' '),
      // The bounds: fewest and most pixels, the longest edge, the longest shape.
      ...'1024x640 640x1024 3840x1280 1280x3840 2304x768 800x832'.split(' '),
    ],
    notSizes: [
      ...'3K 1k 512x512 800x816 1000x1000 1024x1032 3856x2160 3840x2176 2896x2880 2304x752 752x2304'.split(
        ' ',
      ),
      '4096x2048',
    ],
    ratios: eight,
    quality: {
      own: ['low', 'medium', 'high'],
      words: { standard: 'medium', hd: 'high', xhigh: 'high', max: 'high' },
      not: ['1K', 'ultra'],
    },
    watermark: { takes: [] },
    seed: false,
    group: false,
    preset: { size: '1024x1024', pixels: '1024x1024' },
    format: 'b64_json',
    maxInputs: 16,
    maxPrompt: 32_000,
    price: [{ unit: 'million_tokens', input: '8.00', output: '30.00', ceiling: '1.00', currency: 'USD' }],
  },
};

const cards = new Map<string, { card: Card; provider: string }>(
  providers.flatMap(({ name, cards }) =>
    cards.map((data) => {
      const card = cardSchema.parse(data);
      return [card.id, { card, provider: name }] as const;
    }),
  ),
);

const ajv = new Ajv();

function takes(card: Card, field: string, value: unknown): boolean {
  const schema = card.parameters[field];
  return schema !== undefined && ajv.validate(schema, value);
}

/** True when the field's schema and the card's pixel rules both take it, as a request must pass both. */
function takesSize(card: Card, size: string): boolean {
  if (!takes(card, 'size', size) || card.size === undefined) return false;
  try {
    resolveShape(card.size, { size }, undefined, 'ratio');
    return true;
  } catch {
    return false;
  }
}

function rules(id: string): unknown {
  return cards.get(id)?.card.inputImages;
}

test('the six models of the contract and gpt-image-2 are served, each by its provider', () => {
  assert.deepEqual([...cards.keys()].toSorted(), Object.keys(cells).toSorted());
  for (const [id, { provider, upstreamModel }] of Object.entries(cells)) {
    assert.equal(cards.get(id)?.provider, provider);
    assert.equal(cards.get(id)?.card.upstreamModel, upstreamModel);
  }
});

test('no alias of one model is a name of another', () => {
  const names = [...cards.values()].flatMap(({ card }) => [...new Set([card.id, ...card.aliases])]);
  assert.equal(new Set(names.map((name) => name.toLowerCase())).size, names.length);
});

test('in the sandbox only the source example is served under another id', () => {
  const renamed = [...cards.values()].flatMap(({ card }) =>
    card.sandboxModel === undefined ? [] : [card.id],
  );
  assert.deepEqual(renamed, ['dola-seedream-5.0-lite']);
  assert.equal(cards.get('dola-seedream-5.0-lite')?.card.sandboxModel, 'dola-seedream-5.0-lite');
});

for (const [id, cell] of Object.entries(cells)) {
  const { card } = cards.get(id) ?? { card: undefined };
  assert.ok(card !== undefined);

  test(`${id}: n, natively or by fan-out`, () => {
    assert.ok(takes(card, 'n', 1) && takes(card, 'n', cell.maxN));
    for (const bad of [0, cell.maxN + 1, 1.5, '2', true]) assert.equal(takes(card, 'n', bad), false);
    assert.equal(card.imagesPerCall, cell.native ? cell.maxN : 1);
  });

  test(`${id}: size takes its list and nothing else`, () => {
    for (const size of cell.sizes) assert.ok(takesSize(card, size), size);
    for (const size of [
      ...cell.notSizes,
      '',
      '0x0',
      '2048',
      '2048x',
      'x2048',
      '02048x2048',
      '-1x1',
      'AUTO',
    ]) {
      assert.equal(takesSize(card, size), false, size);
    }
    assert.ok(takes(card, 'size', 'auto'));
    assert.equal(takes(card, 'size', 2048), false);
  });

  test(`${id}: the listed sizes are exactly the table's`, () => {
    assert.ok(card.size !== undefined);
    const listed = listSizes(card.size);
    assert.deepEqual(
      listed.filter((size) => !cell.sizes.includes(size)),
      [],
    );
    assert.equal(listed.length, new Set(listed).size);
  });

  test(`${id}: every ratio has a preset of that shape at every tier, and auto is taken`, () => {
    for (const ratio of [...cell.ratios, 'auto']) assert.ok(takes(card, 'ratio', ratio), ratio);
    for (const ratio of ['1:4', '16:10', '16x9', '1', '']) assert.equal(takes(card, 'ratio', ratio), false);
    for (const table of Object.values(card.size?.presets ?? {})) {
      assert.deepEqual(Object.keys(table).toSorted(), cell.ratios.toSorted());
      for (const [ratio, [width, height]] of Object.entries(table)) {
        const [w = 1, h = 1] = ratio.split(':').map(Number);
        assert.ok(Math.abs(Math.log(width / height / (w / h))) < 0.04, `${ratio} is not ${width}x${height}`);
      }
    }
  });

  test(`${id}: quality`, () => {
    if (cell.quality === undefined) {
      assert.equal(card.parameters['quality'], undefined);
      assert.deepEqual(card.qualityWords, {});
      return;
    }
    const { own, words, not } = cell.quality;
    for (const word of [...own, ...Object.keys(words), 'auto']) assert.ok(takes(card, 'quality', word), word);
    for (const word of not) assert.equal(takes(card, 'quality', word), false, word);
    assert.deepEqual(card.qualityWords, words);
  });

  test(`${id}: response_format, with the default of 4.1`, () => {
    assert.ok(takes(card, 'response_format', 'url') && takes(card, 'response_format', 'b64_json'));
    assert.equal(takes(card, 'response_format', 'binary'), false);
    assert.equal(card.parameters['response_format']?.['default'], cell.format ?? 'url');
  });

  test(`${id}: watermark`, () => {
    for (const value of [true, false]) {
      assert.equal(takes(card, 'watermark', value), cell.watermark.takes.includes(value));
    }
    assert.equal(takes(card, 'watermark', 'false'), false);
    assert.equal(card.parameters['watermark']?.['default'], cell.watermark.preset);
    assert.equal(card.watermarkOffNeedsGrant, id === 'glm-image');
  });

  test(`${id}: seed and groups are exposed where the upstream has them`, () => {
    assert.equal('seed' in card.parameters, cell.seed);
    for (const seed of [-1, 0, 2_147_483_647]) assert.equal(takes(card, 'seed', seed), cell.seed);
    for (const seed of [-2, 2_147_483_648, 1.5, '1']) assert.equal(takes(card, 'seed', seed), false);
    assert.equal('seed' in card.hollowParameters, cell.provider === 'ark');
    const options = 'sequential_image_generation_options';
    for (const word of ['auto', 'disabled']) {
      assert.equal(takes(card, 'sequential_image_generation', word), cell.group);
    }
    for (const count of [1, 15]) assert.equal(takes(card, options, { max_images: count }), cell.group);
    for (const bad of [{ max_images: 0 }, { max_images: 16 }, { images: 1 }, []]) {
      assert.equal(takes(card, options, bad), false);
    }
  });

  test(`${id}: output_format is this server's work and has no default`, () => {
    for (const format of ['png', 'jpeg', 'webp']) assert.ok(takes(card, 'output_format', format));
    assert.equal(takes(card, 'output_format', 'gif'), false);
    assert.equal(card.parameters['output_format']?.['default'], undefined);
  });

  test(`${id}: what is asked of nothing is the default`, () => {
    assert.ok(card.size !== undefined);
    assert.equal(card.parameters['size']?.['default'], cell.preset.size);
    const { pixels } = resolveShape(card.size, {}, undefined, 'ratio');
    assert.equal(`${pixels?.width}x${pixels?.height}`, cell.preset.pixels);
    for (const [field, schema] of Object.entries(card.parameters)) {
      if (schema['default'] !== undefined) assert.ok(takes(card, field, schema['default']), field);
    }
  });

  test(`${id}: inputs, prompt length and price`, () => {
    assert.equal(card.inputImages.max, cell.maxInputs);
    assert.equal(card.maxPromptLength, cell.maxPrompt);
    assert.deepEqual(card.listPrice, cell.price);
    assert.equal(priceSchema.parse(card.listPrice).length, cell.price.length);
  });

  test(`${id}: parameters stand in the order they are checked in`, () => {
    const order = [
      'n',
      'size',
      'ratio',
      'quality',
      'response_format',
      'watermark',
      'seed',
      'sequential_image_generation',
      'sequential_image_generation_options',
      'output_format',
      'mask',
      'background',
      'moderation',
      'output_compression',
      'partial_images',
    ];
    assert.deepEqual(
      Object.keys(card.parameters),
      order.filter((field) => field in card.parameters),
    );
  });
}

test("gpt-image-2: OpenAI's own fields, and not those that it refuses", () => {
  const { card } = cards.get('gpt-image-2') ?? {};
  assert.ok(card !== undefined);
  const legal: Record<string, readonly unknown[]> = {
    background: ['transparent', 'opaque', 'auto'],
    moderation: ['low', 'auto'],
    output_compression: [0, 100],
    partial_images: [0, 3],
    mask: ['data:image/png;base64,', { image_url: 'data:image/png;base64,' }],
  };
  const illegal: Record<string, readonly unknown[]> = {
    background: ['white', true],
    moderation: ['high'],
    output_compression: [-1, 101, 1.5, '50'],
    partial_images: [-1, 4, '1'],
    mask: [1, []],
    input_fidelity: ['low', 'high'],
    style: ['vivid'],
    negative_prompt: ['blurry'],
  };
  for (const [field, values] of Object.entries(legal))
    for (const value of values) assert.ok(takes(card, field, value), `${field} ${JSON.stringify(value)}`);
  for (const [field, values] of Object.entries(illegal))
    for (const value of values)
      assert.equal(takes(card, field, value), false, `${field} ${JSON.stringify(value)}`);
  assert.deepEqual(card.upstreamFields, {});
});

test('the narrower limits on inputs are those of each upstream', () => {
  assert.deepEqual(rules('kling-image-o1'), {
    max: 10,
    formats: ['png', 'jpeg'],
    maxBytes: 10_000_000,
    minSide: 300,
    minRatio: 0.4,
    maxRatio: 2.5,
  });
  for (const id of ['seedream-4.5', 'seedream-4.0', 'dola-seedream-5.0-lite']) {
    assert.deepEqual(rules(id), {
      max: 14,
      formats: ['jpeg', 'png', 'webp', 'gif', 'tiff', 'bmp'],
      maxBytes: 10_000_000,
      minSide: 15,
      maxPixels: 36_000_000,
      minRatio: 1 / 16,
      maxRatio: 16,
    });
  }
  assert.deepEqual(rules('nano-banana-pro'), {
    max: 14,
    formats: ['png', 'jpeg', 'webp', 'heic'],
    maxTotalBase64: 18 * 1024 * 1024,
  });
});

test('the pixel tables of Seedream give the token counts its contract lists', () => {
  const listed: Record<string, number[]> = {
    '1K': [4096, 3888, 3888, 3772, 3772, 4056, 4056, 4116],
    '2K': [16384, 15552, 15552, 17800, 17800, 16224, 16224, 16464],
    '3K': [36864, 34992, 34992, 36864, 36864, 36504, 36504, 37044],
    '4K': [65536, 64680, 64680, 65360, 65360, 64896, 64896, 64740],
  };
  const order = ['1:1', '4:3', '3:4', '16:9', '9:16', '3:2', '2:3', '21:9'];
  const seen = new Set<string>();
  for (const id of ['seedream-4.0', 'seedream-4.5', 'dola-seedream-5.0-lite']) {
    for (const [tier, table] of Object.entries(cards.get(id)?.card.size?.presets ?? {})) {
      const counts = order.map((ratio) => ((table[ratio]?.[0] ?? 0) * (table[ratio]?.[1] ?? 0)) / 256);
      assert.deepEqual(counts, listed[tier], `${id} ${tier}`);
      seen.add(tier);
    }
  }
  assert.deepEqual([...seen].toSorted(), ['1K', '2K', '3K', '4K']);
});
