/** OpenAI's image models, as openai-images.md section 2 lists them. */

export interface SimulatedModel {
  /** The first is its name, the rest are snapshots and other names of it. */
  ids: readonly string[];
  /** Unix seconds, for the list. */
  created: number;
  /** `free`: any legal WIDTHxHEIGHT. */
  sizes: 'standard' | 'free';
  qualities: readonly string[];
  /** Values of `input_fidelity`; none: it must be left out. */
  fidelities: readonly string[];
}

const usual = ['low', 'medium', 'high'];
const more = [...usual, 'xhigh', 'max'];
const autumn = 1_788_825_600;

export const models: readonly SimulatedModel[] = [
  model(['gpt-image-1-mini'], 1_759_708_800, 'standard', usual, ['low']),
  model(['gpt-image-1.5'], 1_765_843_200, 'standard', usual, ['low', 'high']),
  model(['chatgpt-image-latest'], 1_765_843_200, 'standard', usual, ['low', 'high']),
  model(['gpt-image-2', 'gpt-image-2-2026-04-21'], 1_776_729_600, 'free', usual, []),
  model(['gpt-image-2.5-flare', 'gpt-image-2.5-flare-2026-09-08'], autumn, 'free', more, ['low', 'high']),
  model(['gpt-image-2.5-sunburst', 'gpt-image-2.5-sunburst-2026-09-08'], autumn, 'free', more, [
    'low',
    'high',
  ]),
  model(['gpt-image-2.6-flare'], autumn, 'free', more, ['low', 'high']),
  model(['gpt-image-2.6-sunburst'], autumn, 'free', more, ['low', 'high']),
];

/** Shut down; answered like a model that never was. */
export const retired: readonly string[] = ['dall-e-2', 'dall-e-3', 'gpt-image-1'];

export const standardSizes = ['1024x1024', '1536x1024', '1024x1536'];

function model(
  ids: readonly string[],
  created: number,
  sizes: SimulatedModel['sizes'],
  qualities: readonly string[],
  fidelities: readonly string[],
): SimulatedModel {
  return { ids, created, sizes, qualities, fidelities };
}

export function findModel(id: string): SimulatedModel | undefined {
  return models.find(({ ids }) => ids.includes(id));
}

/** Why a free size is refused, or undefined. */
export function sizeProblem(width: number, height: number): string | undefined {
  const pixels = width * height;
  if (width % 16 !== 0 || height % 16 !== 0) return 'both edges must be divisible by 16';
  if (Math.max(width, height) > 3840) return 'the longest edge must be at most 3840';
  if (Math.max(width / height, height / width) > 3) return 'the aspect ratio must be between 1:3 and 3:1';
  if (pixels < 655_360) return 'it must have at least 655360 pixels';
  if (pixels > 8_294_400) return 'it must have at most 8294400 pixels';
  return undefined;
}

/** Section 5, before gpt-image-2: square, portrait, landscape. */
const listed: Record<string, readonly [number, number, number]> = {
  low: [272, 408, 400],
  medium: [1056, 1584, 1568],
  high: [4160, 6240, 6208],
};

/** Of 1024x1024. Only the first is known (section 5); the others keep about the steps of the older models. */
const secondGeneration: Record<string, number> = {
  low: 196,
  medium: 784,
  high: 3136,
  xhigh: 6272,
  max: 12_544,
};

/** Output tokens of one image. */
export function imageTokens(model: SimulatedModel, quality: string, width: number, height: number): number {
  if (model.sizes === 'free') {
    return Math.ceil(((secondGeneration[quality] ?? 0) * width * height) / (1024 * 1024));
  }
  const [square, portrait, landscape] = listed[quality] ?? [0, 0, 0];
  if (width === height) return square;
  return width < height ? portrait : landscape;
}

/** Section 5: each preview that was delivered. */
export const previewTokens = 100;

/** The tokenizer is not ours; four characters a token is the usual rule of thumb. */
export function textTokens(prompt: string): number {
  return Math.max(1, Math.ceil(Array.from(prompt).length / 4));
}

/** How inputs are counted is not published; patches of 32 pixels, at most 1536 of them, are in its range. */
export function inputTokens({ width, height }: { width: number; height: number }): number {
  return Math.min(1536, Math.ceil(width / 32) * Math.ceil(height / 32));
}
