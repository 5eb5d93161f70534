/** What each Seedream model takes: upstream-seedream.md sections 1, 2 and 4. */
export interface ArkModel {
  product: string;
  ids: readonly string[];
  tiers: readonly Tier[];
  minPixels: number;
  maxPixels: number;
  formats: readonly ('jpeg' | 'png')[];
  hasFastMode: boolean;
  hasWebSearch: boolean;
}

type Tier = '1K' | '2K' | '3K' | '4K';

export const arkModels: readonly ArkModel[] = [
  {
    product: 'seedream-4-0',
    ids: ['seedream-4-0-250828', 'doubao-seedream-4-0-250828'],
    tiers: ['1K', '2K', '4K'],
    minPixels: 921_600,
    maxPixels: 16_777_216,
    formats: ['jpeg'],
    hasFastMode: true,
    hasWebSearch: false,
  },
  {
    product: 'seedream-4-5',
    ids: ['seedream-4-5-251128', 'doubao-seedream-4-5-251128'],
    tiers: ['2K', '4K'],
    minPixels: 3_686_400,
    maxPixels: 16_777_216,
    formats: ['jpeg'],
    hasFastMode: false,
    hasWebSearch: false,
  },
  {
    product: 'seedream-5-0-lite',
    ids: [
      'seedream-5-0-260128',
      'seedream-5-0-lite-260128',
      'doubao-seedream-5-0-260128',
      'doubao-seedream-5-0-lite-260128',
      // Not an id of the vendor: public-api.md section 14 lets the sandbox serve the published example word for word.
      'dola-seedream-5.0-lite',
    ],
    // The narrower of the two documented ranges: upstream-seedream.md section 13.
    tiers: ['2K', '3K'],
    minPixels: 3_686_400,
    maxPixels: 10_404_496,
    formats: ['jpeg', 'png'],
    hasFastMode: false,
    hasWebSearch: true,
  },
];

/** The recommended sizes of section 4, widths and heights by tier and ratio. */
const recommended: Record<Tier, Record<string, readonly [number, number]>> = {
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

const shapeWords: readonly [RegExp, string][] = [
  [/\bpanoram/i, '21:9'],
  [/\bwidescreen\b/i, '16:9'],
  [/\b(portrait|vertical)\b/i, '3:4'],
  [/\b(landscape|horizontal)\b/i, '4:3'],
  [/\bsquare\b/i, '1:1'],
];

/**
 * What a model makes of a tier: the shape the prompt speaks of, else that of the first input picture, else a square
 * (sections 4 and 12).
 */
export function sizeOfTier(
  tier: Tier,
  prompt: string,
  firstInput: { width: number; height: number } | undefined,
): readonly [number, number] {
  const sizes = recommended[tier];
  const written = [...prompt.matchAll(/(?<![\d:])(\d{1,2})[:\uFF1A](\d{1,2})(?![\d:])/g)]
    .map(([, width, height]) => `${width}:${height}`)
    .find((ratio) => ratio in sizes);
  const said = written ?? shapeWords.find(([word]) => word.test(prompt))?.[1];
  const ratio = said ?? (firstInput === undefined ? '1:1' : nearest(sizes, firstInput));
  return sizes[ratio] ?? [2048, 2048];
}

function nearest(
  sizes: Record<string, readonly [number, number]>,
  shape: { width: number; height: number },
): string {
  const wanted = Math.log(shape.width / shape.height);
  const distance = ([width, height]: readonly [number, number]) =>
    Math.abs(Math.log(width / height) - wanted);
  const [first] = Object.entries(sizes).sort(([, one], [, other]) => distance(one) - distance(other));
  return first?.[0] ?? '1:1';
}
