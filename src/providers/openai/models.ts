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

/**
 * Any WIDTHxHEIGHT within openai-images.md section 2 is legal. The upstream has neither tiers nor ratios; these
 * presets are ours, so that a caller may speak to every model alike: the standard sizes where there are some,
 * else the exact ratio near the tier's number of pixels.
 */
const size: NonNullable<CardData['size']> = {
  presets: {
    '1K': {
      '1:1': [1024, 1024],
      '3:2': [1536, 1024],
      '2:3': [1024, 1536],
      '4:3': [1280, 960],
      '3:4': [960, 1280],
      '16:9': [1536, 864],
      '9:16': [864, 1536],
      '21:9': [1568, 672],
    },
    '2K': {
      '1:1': [2048, 2048],
      '3:2': [2304, 1536],
      '2:3': [1536, 2304],
      '4:3': [2304, 1728],
      '3:4': [1728, 2304],
      '16:9': [2560, 1440],
      '9:16': [1440, 2560],
      '21:9': [3024, 1296],
    },
    '4K': {
      '1:1': [2880, 2880],
      '3:2': [3456, 2304],
      '2:3': [2304, 3456],
      '4:3': [3264, 2448],
      '3:4': [2448, 3264],
      '16:9': [3840, 2160],
      '9:16': [2160, 3840],
      '21:9': [3840, 1648],
    },
  },
  free: {
    multipleOf: 16,
    maxSide: 3840,
    minPixels: 655_360,
    maxPixels: 8_294_400,
    minRatio: 1 / 3,
    maxRatio: 3,
  },
  defaultTier: '1K',
  defaultRatio: '1:1',
  // The upstream's own `auto` follows an input too, but would not know of a tier that was asked for.
  shapeWithInputs: 'nearest',
};

/** Words of other models of the family and of their predecessors. */
const qualityWords = { standard: 'medium', hd: 'high', xhigh: 'high', max: 'high' };

const compressionParameter = {
  type: 'integer',
  minimum: 0,
  maximum: 100,
  description: 'Of jpeg and webp, in percent; 100 when absent.',
};

const maskParameter = {
  type: ['string', 'object'],
  description:
    'An input image with transparency, as large as the first input image: its transparent parts are to change.',
};

const moderationParameter = { type: 'string', enum: ['auto', 'low'], default: 'auto' };

const gptImage2: CardData = {
  id: 'gpt-image-2',
  displayName: 'GPT Image 2',
  ownedBy: 'openai',
  created: 1_776_729_600,
  aliases: ['gpt-image-2-2026-04-21'],
  upstreamModel: 'gpt-image-2',
  parameters: {
    n: countParameter(10),
    size: sizeParameter(size, { tiers: ['1K', '2K', '4K'], preset: '1024x1024' }),
    ratio: ratioParameter(Object.keys(size.presets['1K'] ?? {})),
    quality: qualityParameter(['low', 'medium', 'high'], qualityWords, 'auto'),
    response_format: { ...responseFormatParameter, default: 'b64_json' },
    output_format: outputFormatParameter,
    mask: maskParameter,
    background: {
      type: 'string',
      enum: ['transparent', 'opaque', 'auto'],
      default: 'auto',
      description: 'transparent is a preview at the provider and needs png or webp.',
    },
    moderation: moderationParameter,
    output_compression: compressionParameter,
    partial_images: {
      type: 'integer',
      minimum: 0,
      maximum: 3,
      default: 0,
      description: 'With stream: how often an image is shown while it is made; fewer may come.',
    },
    // `input_fidelity` must be left out for this model (section 4).
  },
  size,
  qualityWords,
  // Section 3; that 100 is legal for all of them is the provider's own message on less.
  formatNeeds: {
    format: 'png',
    fields: {
      background: { formats: ['png', 'webp'], unless: ['auto', 'opaque'] },
      output_compression: { formats: ['jpeg', 'webp'], unless: [100] },
    },
  },
  // Section 4, "under 50 MB".
  inputImages: { max: 16, formats: ['png', 'jpeg', 'webp'], maxBytes: 49_999_999 },
  maxPromptLength: 32_000,
  imagesPerCall: 10,
  providerOptions: { openai: ['safety_identifier', 'complexity'] },
  nativeParams: false,
  // Text that goes in is somewhat cheaper, which a price has no row for (upstream-openrouter.md section 5).
  // The ceiling: 16 inputs and an image in high quality come to about 0.80.
  listPrice: [{ unit: 'million_tokens', input: '8.00', output: '30.00', ceiling: '1.00', currency: 'USD' }],
};

export const cards: readonly CardData[] = [gptImage2];

const passedOn = 'It was passed on as it is; whether this model obeys it is not known.';

/** Parameters that many compatible servers take without a word and without an effect (upstream-local.md section 7). */
const perhapsIgnored = [
  'ratio',
  'watermark',
  'seed',
  'sequential_image_generation',
  'negative_prompt',
  'style',
  'background',
  'moderation',
  'input_fidelity',
];

/**
 * The card of a model nobody described: every field of public-api.md section 4.1 is passed on as it is. Whoever
 * runs the server knows better and writes a card. One image a call: some servers use one seed for all of
 * them (upstream-local.md section 4).
 */
export function openCard(model: string): CardData {
  // OpenAI's own family refuses `response_format`; compatible servers differ in what they do without it, and
  // only some of their links can be reached from here.
  const isGptImage = /^(gpt|chatgpt)-image-/.test(model);
  const text = { type: 'string', maxLength: 64 };
  return {
    id: model,
    displayName: model,
    ownedBy: isGptImage ? 'openai' : 'custom',
    created: 1_776_729_600,
    upstreamModel: model,
    parameters: {
      n: countParameter(10),
      size: { ...text, description: 'WIDTHxHEIGHT, or what the server knows.' },
      ratio: {
        ...text,
        pattern: String.raw`^(auto|\d+(\.\d+)?:\d+(\.\d+)?)$`,
        description: 'Width to height.',
      },
      quality: text,
      response_format: { ...responseFormatParameter, default: isGptImage ? 'b64_json' : 'url' },
      watermark: { type: 'boolean' },
      seed: seedParameter,
      sequential_image_generation: { type: 'string', enum: ['disabled', 'auto'], default: 'disabled' },
      sequential_image_generation_options: {
        type: 'object',
        properties: { max_images: { type: 'integer', minimum: 1, maximum: 15 } },
        additionalProperties: false,
        default: {},
      },
      output_format: outputFormatParameter,
      negative_prompt: { type: 'string', maxLength: 32_000 },
      mask: maskParameter,
      style: text,
      background: text,
      moderation: text,
      output_compression: compressionParameter,
      input_fidelity: text,
    },
    upstreamFields: isGptImage ? {} : { response_format: 'b64_json' },
    hollowParameters: isGptImage ? {} : Object.fromEntries(perhapsIgnored.map((name) => [name, passedOn])),
    inputImages: { max: 16, formats: ['png', 'jpeg', 'webp'] },
    maxPromptLength: 32_000,
    nativeParams: false,
    providerOptions: { openai: ['num_inference_steps', 'guidance_scale', 'true_cfg_scale', 'step', 'mode'] },
  };
}
