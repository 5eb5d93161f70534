import type { CardData } from '../../core/card.ts';
import {
  countParameter,
  outputFormatParameter,
  qualityParameter,
  ratioParameter,
  responseFormatParameter,
  sizeParameter,
} from '../../core/card-parameters.ts';

/** The recommended sizes and the rule for free ones, in the stricter of its two readings (upstream-glm-image.md section 3). */
const size: NonNullable<CardData['size']> = {
  presets: {
    // The model has no tiers; no caller can name this one.
    default: {
      '1:1': [1280, 1280],
      '3:2': [1568, 1056],
      '2:3': [1056, 1568],
      '4:3': [1472, 1088],
      '3:4': [1088, 1472],
      '16:9': [1728, 960],
      '9:16': [960, 1728],
    },
  },
  free: {
    multipleOf: 32,
    minSide: 1024,
    maxSide: 2048,
    minPixels: 1024 * 1024,
    maxPixels: 2 ** 22,
    minRatio: 0.5,
    maxRatio: 2,
  },
  defaultTier: 'default',
  defaultRatio: '1:1',
  shapeWithInputs: 'nearest',
};

const qualityWords = { standard: 'hd', low: 'hd', medium: 'hd', high: 'hd' };

export const cards: readonly CardData[] = [
  {
    id: 'glm-image',
    displayName: 'GLM-Image',
    ownedBy: 'z.ai',
    created: 1_768_348_800,
    upstreamModel: 'glm-image',
    parameters: {
      n: countParameter(10),
      size: sizeParameter(size, { tiers: [], preset: '1280x1280' }),
      ratio: ratioParameter(['1:1', '3:2', '2:3', '4:3', '3:4', '16:9', '9:16']),
      quality: qualityParameter(['hd'], qualityWords, 'hd'),
      response_format: responseFormatParameter,
      // No default: what is not said is the upstream's, which marks its pictures.
      watermark: {
        type: 'boolean',
        description: "The provider's mark, on by default; false needs the provider's grant to this server.",
      },
      output_format: outputFormatParameter,
    },
    size,
    qualityWords,
    inputImages: { max: 0 },
    watermarkOffNeedsGrant: true,
    maxPromptLength: 4000,
    listPrice: [{ unit: 'image', amount: '0.015', currency: 'USD' }],
  },
];
