import type { CardData } from '../../core/card.ts';
import {
  countParameter,
  outputFormatParameter,
  ratioParameter,
  responseFormatParameter,
  seedParameter,
  sizeParameter,
  watermarkParameter,
} from '../../core/card-parameters.ts';

type Size = NonNullable<CardData['size']>;
type Table = Size['presets'][string];

/** The recommended sizes of upstream-seedream.md section 4. */
const table: Record<'1K' | '2K' | '3K' | '4K', Table> = {
  '1K': {
    '1:1': [1024, 1024],
    '4:3': [1152, 864],
    '3:4': [864, 1152],
    '16:9': [1312, 736],
    '9:16': [736, 1312],
    '3:2': [1248, 832],
    '2:3': [832, 1248],
    '21:9': [1568, 672],
  },
  '2K': {
    '1:1': [2048, 2048],
    '4:3': [2304, 1728],
    '3:4': [1728, 2304],
    '16:9': [2848, 1600],
    '9:16': [1600, 2848],
    '3:2': [2496, 1664],
    '2:3': [1664, 2496],
    '21:9': [3136, 1344],
  },
  '3K': {
    '1:1': [3072, 3072],
    '4:3': [3456, 2592],
    '3:4': [2592, 3456],
    '16:9': [4096, 2304],
    '9:16': [2304, 4096],
    '3:2': [3744, 2496],
    '2:3': [2496, 3744],
    '21:9': [4704, 2016],
  },
  '4K': {
    '1:1': [4096, 4096],
    '4:3': [4704, 3520],
    '3:4': [3520, 4704],
    '16:9': [5504, 3040],
    '9:16': [3040, 5504],
    '3:2': [4992, 3328],
    '2:3': [3328, 4992],
    '21:9': [6240, 2656],
  },
};

function sizeOf(tiers: readonly (keyof typeof table)[], minPixels: number, maxPixels: number): Size {
  return {
    presets: Object.fromEntries(tiers.map((tier) => [tier, table[tier]])),
    free: { minPixels, maxPixels, minRatio: 1 / 16, maxRatio: 16 },
    defaultTier: '2K',
    defaultRatio: '1:1',
    // Whether the service follows an input's shape is disputed (section 4), so an explicit size is sent.
    shapeWithInputs: 'nearest',
  };
}

/** What the three models have in common (section 2 and public-api.md section 4.2). */
function seedream(
  own: Pick<CardData, 'id' | 'displayName' | 'created' | 'aliases' | 'upstreamModel'> &
    Pick<CardData, 'sandboxModel' | 'providerOptions'> & {
      tiers: readonly (keyof typeof table)[];
      size: Size;
      usdPerImage: string;
    },
): CardData {
  const { tiers, size, usdPerImage, ...facts } = own;
  return {
    ...facts,
    ownedBy: 'bytedance',
    parameters: {
      n: countParameter(10),
      size: sizeParameter(size, { tiers, preset: '2K' }),
      ratio: ratioParameter(['1:1', '4:3', '3:4', '16:9', '9:16', '3:2', '2:3', '21:9']),
      response_format: responseFormatParameter,
      watermark: watermarkParameter,
      seed: seedParameter,
      sequential_image_generation: {
        type: 'string',
        enum: ['disabled', 'auto'],
        default: 'disabled',
        description: 'auto: a group of related images, the model decides how many.',
      },
      sequential_image_generation_options: {
        type: 'object',
        properties: { max_images: { type: 'integer', minimum: 1, maximum: 15 } },
        additionalProperties: false,
        default: {},
        description: 'max_images: the most a group may bring; 15 less the input images when absent.',
      },
      output_format: outputFormatParameter,
    },
    size,
    hollowParameters: {
      seed: 'The seed was passed on, but the provider documents an effect for older models only.',
    },
    // Section 5. "10 MB" is read as the smaller of its two meanings; sides above 14 px.
    inputImages: {
      max: 14,
      formats: ['jpeg', 'png', 'webp', 'gif', 'tiff', 'bmp'],
      maxBytes: 10_000_000,
      minSide: 15,
      maxPixels: 36_000_000,
      minRatio: 1 / 16,
      maxRatio: 16,
    },
    maxPromptLength: 4000,
    listPrice: [{ unit: 'image', amount: usdPerImage, currency: 'USD' }],
  };
}

/** Models whose upstream has `output_format`; the others always make jpeg (section 2). */
export const modelsWithOutputFormat: ReadonlySet<string> = new Set(['dola-seedream-5.0-lite']);

export const cards: readonly CardData[] = [
  seedream({
    id: 'seedream-4.5',
    displayName: 'Seedream 4.5',
    created: 1_764_288_000,
    aliases: ['seedream-4-5-251128', 'doubao-seedream-4-5-251128'],
    upstreamModel: 'seedream-4-5-251128',
    tiers: ['2K', '4K'],
    size: sizeOf(['2K', '4K'], 3_686_400, 16_777_216),
    usdPerImage: '0.040',
  }),
  seedream({
    id: 'seedream-4.0',
    displayName: 'Seedream 4.0',
    created: 1_756_339_200,
    aliases: ['seedream-4-0-250828', 'doubao-seedream-4-0-250828'],
    upstreamModel: 'seedream-4-0-250828',
    providerOptions: { ark: ['optimize_prompt_options'] },
    tiers: ['1K', '2K', '4K'],
    size: sizeOf(['1K', '2K', '4K'], 921_600, 16_777_216),
    usdPerImage: '0.030',
  }),
  seedream({
    id: 'dola-seedream-5.0-lite',
    displayName: 'Dola Seedream 5.0 Lite',
    created: 1_769_558_400,
    aliases: [
      'seedream-5.0-lite',
      'seedream-5-0-260128',
      'seedream-5-0-lite-260128',
      'doubao-seedream-5-0-260128',
      'doubao-seedream-5-0-lite-260128',
    ],
    upstreamModel: 'seedream-5-0-260128',
    sandboxModel: 'dola-seedream-5.0-lite',
    providerOptions: { ark: ['tools'] },
    // 4K and 16,777,216 px came later and not everywhere (section 13): the lower bound holds for every deployment.
    tiers: ['2K', '3K'],
    size: sizeOf(['2K', '3K'], 3_686_400, 10_404_496),
    usdPerImage: '0.035',
  }),
];
