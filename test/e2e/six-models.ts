/**
 * Section 4.2 of public-api.md as data, with the pixel tables of the upstream files: written from the contract, not
 * from the cards, so that a card that says something else is found.
 */

export interface ModelFacts {
  /** The simulator behind it. */
  upstream: 'kling' | 'ark' | 'gemini' | 'zai';
  maxCount: number;
  tiers: readonly string[];
  /** tier -> ratio -> WIDTHxHEIGHT; a model without tiers has one named ''. */
  presets: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** WIDTHxHEIGHT beside the presets: some at the very bounds, and some just beyond. */
  free: { legal: readonly string[]; illegal: readonly string[] };
  ratios: readonly string[];
  /** word -> the tier or level it stands for; those of the model's own stand for themselves. */
  quality: Readonly<Record<string, string>>;
  /** What `watermark` may be. */
  watermark: readonly boolean[];
  hasSeed: boolean;
  hasGroups: boolean;
  maxInputs: number;
  maxPrompt: number;
  /** Without size, ratio and quality. */
  usualSize: string;
}

const listA = {
  '1K': {
    '1:1': '1024x1024',
    '3:2': '1248x832',
    '2:3': '832x1248',
    '4:3': '1168x880',
    '3:4': '880x1168',
    '16:9': '1360x768',
    '9:16': '768x1360',
    '21:9': '1552x656',
  },
  '2K': {
    '1:1': '2048x2048',
    '3:2': '2496x1664',
    '2:3': '1664x2496',
    '4:3': '2336x1760',
    '3:4': '1760x2336',
    '16:9': '2720x1536',
    '9:16': '1536x2720',
    '21:9': '3104x1312',
  },
};

const listB = {
  '1K': {
    '1:1': '1024x1024',
    '2:3': '848x1264',
    '3:2': '1264x848',
    '3:4': '896x1200',
    '4:3': '1200x896',
    '4:5': '928x1152',
    '5:4': '1152x928',
    '9:16': '768x1376',
    '16:9': '1376x768',
    '21:9': '1584x672',
  },
  '2K': {
    '1:1': '2048x2048',
    '2:3': '1696x2528',
    '3:2': '2528x1696',
    '3:4': '1792x2400',
    '4:3': '2400x1792',
    '4:5': '1856x2304',
    '5:4': '2304x1856',
    '9:16': '1536x2752',
    '16:9': '2752x1536',
    '21:9': '3168x1344',
  },
  '4K': {
    '1:1': '4096x4096',
    '2:3': '3392x5056',
    '3:2': '5056x3392',
    '3:4': '3584x4800',
    '4:3': '4800x3584',
    '4:5': '3712x4608',
    '5:4': '4608x3712',
    '9:16': '3072x5504',
    '16:9': '5504x3072',
    '21:9': '6336x2688',
  },
};

const seedreamPresets = {
  '1K': {
    '1:1': '1024x1024',
    '4:3': '1152x864',
    '3:4': '864x1152',
    '16:9': '1312x736',
    '9:16': '736x1312',
    '3:2': '1248x832',
    '2:3': '832x1248',
    '21:9': '1568x672',
  },
  '2K': {
    '1:1': '2048x2048',
    '4:3': '2304x1728',
    '3:4': '1728x2304',
    '16:9': '2848x1600',
    '9:16': '1600x2848',
    '3:2': '2496x1664',
    '2:3': '1664x2496',
    '21:9': '3136x1344',
  },
  '3K': {
    '1:1': '3072x3072',
    '4:3': '3456x2592',
    '3:4': '2592x3456',
    '16:9': '4096x2304',
    '9:16': '2304x4096',
    '3:2': '3744x2496',
    '2:3': '2496x3744',
    '21:9': '4704x2016',
  },
  '4K': {
    '1:1': '4096x4096',
    '4:3': '4704x3520',
    '3:4': '3520x4704',
    '16:9': '5504x3040',
    '9:16': '3040x5504',
    '3:2': '4992x3328',
    '2:3': '3328x4992',
    '21:9': '6240x2656',
  },
};

const glmPresets = {
  '': {
    '1:1': '1280x1280',
    '3:2': '1568x1056',
    '2:3': '1056x1568',
    '4:3': '1472x1088',
    '3:4': '1088x1472',
    '16:9': '1728x960',
    '9:16': '960x1728',
  },
};

const eightRatios = ['1:1', '4:3', '3:4', '16:9', '9:16', '3:2', '2:3', '21:9'];
const asTier = { standard: '1K', low: '1K', medium: '1K', high: '2K', hd: '2K' };

function seedream(tiers: readonly (keyof typeof seedreamPresets)[], free: ModelFacts['free']): ModelFacts {
  return {
    upstream: 'ark',
    maxCount: 10,
    tiers,
    presets: Object.fromEntries(tiers.map((tier) => [tier, seedreamPresets[tier]])),
    free,
    ratios: eightRatios,
    quality: {},
    watermark: [true, false],
    hasSeed: true,
    hasGroups: true,
    maxInputs: 14,
    maxPrompt: 4000,
    usualSize: '2048x2048',
  };
}

export const sixModels: Readonly<Record<string, ModelFacts>> = {
  'kling-image-o1': {
    upstream: 'kling',
    maxCount: 9,
    tiers: ['1K', '2K'],
    presets: listA,
    free: { legal: [], illegal: ['1024x1025', '1360x767', '512x512', '4096x4096', '1x1'] },
    ratios: eightRatios,
    quality: { '1K': '1K', '2K': '2K', ...asTier },
    watermark: [true, false],
    hasSeed: false,
    hasGroups: false,
    maxInputs: 10,
    maxPrompt: 2500,
    usualSize: '1024x1024',
  },
  // 3,686,400 to 16,777,216 pixels, 1:16 to 16:1.
  'seedream-4.5': seedream(['2K', '4K'], {
    legal: ['1920x1920', '3750x1250', '7680x480', '480x7680', '4096x4096'],
    illegal: ['1920x1919', '1024x1024', '1500x1500', '4096x4097', '7696x480', '479x7696', '9999x9999', '1x1'],
  }),
  // 921,600 to 16,777,216 pixels.
  'seedream-4.0': seedream(['1K', '2K', '4K'], {
    legal: ['960x960', '1600x600', '3840x240', '240x3840', '4096x4096'],
    illegal: ['960x959', '800x800', '4097x4096', '3856x240', '239x3856', '1x1'],
  }),
  // 3,686,400 to 10,404,496 pixels.
  'dola-seedream-5.0-lite': seedream(['2K', '3K'], {
    legal: ['1920x1920', '3225x3226', '7680x480', '480x7680'],
    illegal: ['1919x1920', '3226x3226', '4096x4096', '7696x480', '1024x1024', '1x1'],
  }),
  'nano-banana-pro': {
    upstream: 'gemini',
    maxCount: 10,
    tiers: ['1K', '2K', '4K'],
    presets: listB,
    free: { legal: [], illegal: ['1024x1025', '1248x832', '512x512', '1x1', '8192x8192'] },
    ratios: Object.keys(listB['1K']),
    quality: { '1K': '1K', '2K': '2K', '4K': '4K', ...asTier },
    watermark: [false],
    hasSeed: true,
    hasGroups: false,
    maxInputs: 14,
    maxPrompt: 8000,
    usualSize: '1024x1024',
  },
  'glm-image': {
    upstream: 'zai',
    maxCount: 10,
    tiers: [],
    presets: glmPresets,
    // Multiples of 32, sides of 1024 to 2048.
    free: {
      legal: ['1024x1024', '1024x2048', '2048x1024', '2048x2048', '1056x1024'],
      illegal: ['1023x1024', '992x1024', '1024x2080', '2080x2048', '1040x1024', '1024x1025', '512x512'],
    },
    ratios: Object.keys(glmPresets['']),
    quality: { hd: 'hd', standard: 'hd', low: 'hd', medium: 'hd', high: 'hd' },
    // False needs the upstream's grant.
    watermark: [true],
    hasSeed: false,
    hasGroups: false,
    maxInputs: 0,
    maxPrompt: 4000,
    usualSize: '1280x1280',
  },
};

/** Every tier that any model has. */
export const allTiers = ['1K', '2K', '3K', '4K'];
