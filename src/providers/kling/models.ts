import type { CardData } from '../../core/card.ts';
import {
  countParameter,
  outputFormatParameter,
  qualityParameter,
  ratioParameter,
  responseFormatParameter,
  sizeParameter,
  watermarkParameter,
} from '../../core/card-parameters.ts';

/**
 * List A of public-api.md section 4.2. Kling takes a ratio and a tier, never pixels, and does not publish what
 * it makes of them: these are the sizes a caller may name, the true ones are measured from the bytes.
 */
const size: NonNullable<CardData['size']> = {
  presets: {
    '1K': {
      '1:1': [1024, 1024],
      '3:2': [1248, 832],
      '2:3': [832, 1248],
      '4:3': [1168, 880],
      '3:4': [880, 1168],
      '16:9': [1360, 768],
      '9:16': [768, 1360],
      '21:9': [1552, 656],
    },
    '2K': {
      '1:1': [2048, 2048],
      '3:2': [2496, 1664],
      '2:3': [1664, 2496],
      '4:3': [2336, 1760],
      '3:4': [1760, 2336],
      '16:9': [2720, 1536],
      '9:16': [1536, 2720],
      '21:9': [3104, 1312],
    },
  },
  defaultTier: '1K',
  defaultRatio: '1:1',
  // `aspect_ratio: auto` follows the input image.
  shapeWithInputs: 'upstream',
};

const qualityWords = { standard: '1K', low: '1K', medium: '1K', high: '2K', hd: '2K' };

export const cards: readonly CardData[] = [
  {
    id: 'kling-image-o1',
    displayName: 'Kling Image O1',
    ownedBy: 'kling',
    created: 1_764_633_600,
    upstreamModel: 'kling-image-o1',
    parameters: {
      n: countParameter(9),
      size: sizeParameter(size, { tiers: ['1K', '2K'], preset: '1K' }),
      ratio: ratioParameter(['16:9', '9:16', '1:1', '4:3', '3:4', '3:2', '2:3', '21:9']),
      quality: qualityParameter(['1K', '2K'], qualityWords, 'auto'),
      response_format: responseFormatParameter,
      watermark: watermarkParameter,
      output_format: outputFormatParameter,
    },
    size,
    qualityWords,
    // upstream-kling.md section 4.1. "10 MB" is read as the smaller of its two meanings.
    inputImages: {
      max: 10,
      formats: ['png', 'jpeg'],
      maxBytes: 10_000_000,
      minSide: 300,
      minRatio: 0.4,
      maxRatio: 2.5,
    },
    promptImageReference: '<<<image_(\\d+)>>>',
    maxPromptLength: 2500,
    imagesPerCall: 9,
    listPrice: [{ unit: 'image', amount: '0.028', currency: 'USD' }],
  },
];
