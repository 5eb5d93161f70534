/** Model list, pixel tables and token prices of the simulated Gemini API (upstream-gemini.md sections 1 and 4). */

/** A resolution tier as the wire spells it: capital K, and `512` only on 3.1 Flash. */
export type Tier = '512' | '1K' | '2K' | '4K';

/** What one simulated model takes and makes. */
export interface SimulatedModel {
  /** The id that replies carry as `modelVersion`. */
  id: string;
  /** Other ids that resolve to this model. */
  aliases: readonly string[];
  displayName: string;
  /** Empty for a model without `imageSize`. */
  tiers: readonly Tier[];
  /** Ratio (`W:H`) to `[width, height]` of each tier. */
  pixels: Readonly<Record<string, Readonly<Partial<Record<Tier, Pixels>>>>>;
  /** Output tokens billed for one image. */
  tokens: Readonly<Partial<Record<Tier, number>>>;
  mimeType: 'image/jpeg' | 'image/png';
  maxInputImages: number;
}

export type Pixels = readonly [width: number, height: number];

/** Ratio to its 1K pixels. 2K and 4K are exactly two and four times that, in every row of section 4. */
const onePixels: Readonly<Record<string, Pixels>> = {
  '1:1': [1024, 1024],
  '2:3': [848, 1264],
  '3:2': [1264, 848],
  '3:4': [896, 1200],
  '4:3': [1200, 896],
  '4:5': [928, 1152],
  '5:4': [1152, 928],
  '9:16': [768, 1376],
  '16:9': [1376, 768],
  '21:9': [1584, 672],
};

/** The 512 tier of 3.1 Flash: half of 1K, with 21:9 listed as 792x168 in the published table (sic). */
const halfPixels: Readonly<Record<string, Pixels>> = {
  '1:1': [512, 512],
  '2:3': [424, 632],
  '3:2': [632, 424],
  '3:4': [448, 600],
  '4:3': [600, 448],
  '4:5': [464, 576],
  '5:4': [576, 464],
  '9:16': [384, 688],
  '16:9': [688, 384],
  '21:9': [792, 168],
};

const extremeHalfPixels: Readonly<Record<string, Pixels>> = {
  '1:4': [256, 1024],
  '4:1': [1024, 256],
  '1:8': [192, 1536],
  '8:1': [1536, 192],
};

const flash25Pixels: Readonly<Record<string, Pixels>> = {
  '1:1': [1024, 1024],
  '2:3': [832, 1248],
  '3:2': [1248, 832],
  '3:4': [864, 1184],
  '4:3': [1184, 864],
  '4:5': [896, 1152],
  '5:4': [1152, 896],
  '9:16': [768, 1344],
  '16:9': [1344, 768],
  '21:9': [1536, 672],
};

const times = ([width, height]: Pixels, factor: number): Pixels => [width * factor, height * factor];

const commonPixels = Object.fromEntries(
  Object.entries(onePixels).map(([ratio, one]) => [
    ratio,
    { '1K': one, '2K': times(one, 2), '4K': times(one, 4) },
  ]),
);

const flash31Pixels = Object.fromEntries([
  ...Object.entries(commonPixels).map(([ratio, tiers]) => {
    const half = halfPixels[ratio];
    return [ratio, half === undefined ? tiers : { '512': half, ...tiers }] as const;
  }),
  ...Object.entries(extremeHalfPixels).map(
    ([ratio, half]) =>
      [ratio, { '512': half, '1K': times(half, 2), '2K': times(half, 4), '4K': times(half, 8) }] as const,
  ),
]);

const proTokens = { '1K': 1120, '2K': 1120, '4K': 2000 };
/** Google contradicts itself for 3.1 Flash (section 4); these are the price page's numbers, which the prices per image confirm. */
const flash31Tokens = { '512': 747, '1K': 1120, '2K': 1680, '4K': 2520 };

const models: readonly SimulatedModel[] = [
  {
    id: 'gemini-3-pro-image',
    aliases: ['gemini-3-pro-image-preview', 'nano-banana-pro-preview'],
    displayName: 'Nano Banana Pro',
    tiers: ['1K', '2K', '4K'],
    pixels: commonPixels,
    tokens: proTokens,
    mimeType: 'image/jpeg',
    maxInputImages: 14,
  },
  {
    id: 'gemini-3.1-flash-image',
    aliases: [],
    displayName: 'Nano Banana 2',
    tiers: ['512', '1K', '2K', '4K'],
    pixels: flash31Pixels,
    tokens: flash31Tokens,
    mimeType: 'image/jpeg',
    maxInputImages: 14,
  },
  {
    id: 'gemini-3.1-flash-lite-image',
    aliases: [],
    displayName: 'Nano Banana 2 Lite',
    tiers: ['1K'],
    pixels: commonPixels,
    tokens: flash31Tokens,
    mimeType: 'image/jpeg',
    maxInputImages: 14,
  },
  {
    id: 'gemini-nano-banana-2.1',
    aliases: [],
    displayName: 'Nano Banana 2.1',
    tiers: ['1K', '2K', '4K'],
    pixels: commonPixels,
    tokens: flash31Tokens,
    mimeType: 'image/jpeg',
    maxInputImages: 14,
  },
  {
    id: 'gemini-2.5-flash-image',
    aliases: [],
    displayName: 'Nano Banana',
    tiers: [],
    pixels: Object.fromEntries(Object.entries(flash25Pixels).map(([ratio, one]) => [ratio, { '1K': one }])),
    tokens: { '1K': 1290 },
    mimeType: 'image/png',
    maxInputImages: 3,
  },
];

/** The model behind an id or alias (without the `models/` prefix). */
export const findModel = (id: string): SimulatedModel | undefined =>
  models.find((model) => model.id === id || model.aliases.includes(id));

/** What ListModels and GetModel say, aliases as entries of their own. */
export const modelListing: readonly Record<string, unknown>[] = models.flatMap((model) =>
  [model.id, ...model.aliases].map((id) => ({
    name: `models/${id}`,
    version: '3.0',
    displayName: model.displayName,
    description: `${model.displayName} (simulated)`,
    inputTokenLimit: 65_536,
    outputTokenLimit: 32_768,
    supportedGenerationMethods: ['generateContent', 'countTokens'],
    temperature: 1,
    topP: 0.95,
    topK: 64,
    maxTemperature: 2,
    thinking: true,
  })),
);

/** The ratio of `model` nearest to an input picture's shape, compared on a log scale so that 1:2 is as far from 1:1 as 2:1. */
export function nearestRatio(model: SimulatedModel, width: number, height: number): string {
  const distance = (ratio: string): number => {
    const [across = 1, down = 1] = ratio.split(':').map(Number);
    return Math.abs(Math.log(width / height / (across / down)));
  };
  return Object.keys(model.pixels).reduce((best, ratio) => (distance(ratio) < distance(best) ? ratio : best));
}
