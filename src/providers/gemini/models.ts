import type { CardData } from '../../core/card.ts';
import {
  countParameter,
  outputFormatParameter,
  qualityParameter,
  ratioParameter,
  responseFormatParameter,
  seedParameter,
  sizeParameter,
} from '../../core/card-parameters.ts';

const ratios = ['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'];

/** List B: the pixel table of upstream-gemini.md section 4. The upstream takes a ratio and a tier, never pixels. */
const size: NonNullable<CardData['size']> = {
  presets: {
    '1K': {
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
    },
    '2K': {
      '1:1': [2048, 2048],
      '2:3': [1696, 2528],
      '3:2': [2528, 1696],
      '3:4': [1792, 2400],
      '4:3': [2400, 1792],
      '4:5': [1856, 2304],
      '5:4': [2304, 1856],
      '9:16': [1536, 2752],
      '16:9': [2752, 1536],
      '21:9': [3168, 1344],
    },
    '4K': {
      '1:1': [4096, 4096],
      '2:3': [3392, 5056],
      '3:2': [5056, 3392],
      '3:4': [3584, 4800],
      '4:3': [4800, 3584],
      '4:5': [3712, 4608],
      '5:4': [4608, 3712],
      '9:16': [3072, 5504],
      '16:9': [5504, 3072],
      '21:9': [6336, 2688],
    },
  },
  defaultTier: '1K',
  defaultRatio: '1:1',
  // Without `aspectRatio` the upstream follows the input image (section 3).
  shapeWithInputs: 'upstream',
};

const qualityWords = { standard: '1K', low: '1K', medium: '1K', high: '2K', hd: '2K' };

export const cards: readonly CardData[] = [
  {
    id: 'nano-banana-pro',
    displayName: 'Nano Banana Pro',
    ownedBy: 'google',
    created: 1_763_596_800,
    aliases: ['gemini-3-pro-image', 'gemini-3-pro-image-preview', 'nano-banana-pro-preview'],
    upstreamModel: 'gemini-3-pro-image',
    parameters: {
      n: countParameter(10),
      size: sizeParameter(size, { tiers: ['1K', '2K', '4K'], preset: '1K' }),
      ratio: ratioParameter(ratios),
      quality: qualityParameter(['1K', '2K', '4K'], qualityWords, 'auto'),
      response_format: responseFormatParameter,
      watermark: {
        type: 'boolean',
        enum: [false],
        default: false,
        description: 'There is no visible watermark; every picture carries an invisible SynthID mark.',
      },
      seed: seedParameter,
      output_format: outputFormatParameter,
    },
    size,
    qualityWords,
    // Section 3. Of the disputed ceilings of a whole request the old 20 MB leaves 18 MiB for the pictures.
    inputImages: {
      max: 14,
      formats: ['png', 'jpeg', 'webp', 'heic'],
      maxTotalBase64: 18 * 1024 * 1024,
    },
    maxPromptLength: 8000,
    providerOptions: { gemini: ['safetySettings', 'systemInstruction', 'tools'] },
    listPrice: [
      { unit: 'image', size: '1K', amount: '0.134', currency: 'USD' },
      { unit: 'image', size: '2K', amount: '0.134', currency: 'USD' },
      { unit: 'image', size: '4K', amount: '0.24', currency: 'USD' },
    ],
  },
];
