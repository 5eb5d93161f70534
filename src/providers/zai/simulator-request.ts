/** What a generate body asks for, or the code it deserves (upstream-glm-image.md sections 2 and 3). */

import type { Exchange } from '../../sandbox/kit.ts';
import type { Code } from './simulator-errors.ts';

/** A body that passed all checks. */
export interface GenerateRequest {
  model: string;
  prompt: string;
  width: number;
  height: number;
  hasWatermark: boolean;
  /** The caller's own id, unique per account. */
  requestId: string | undefined;
}

interface Problem {
  code: Code;
  about?: string;
  status?: number;
}

interface SizeRule {
  min: number;
  max: number;
  multipleOf: number;
  maxPixels: number;
  /** Always taken: two of glm-image's recommended sizes have an edge below its custom minimum. */
  recommended: readonly string[];
}

/** Recommended sizes start with the default. 1024 is the stricter reading of the disputed lower end (section 9). */
const glmSizes: SizeRule = {
  min: 1024,
  max: 2048,
  multipleOf: 32,
  maxPixels: 2 ** 22,
  recommended: ['1280x1280', '1568x1056', '1056x1568', '1472x1088', '1088x1472', '1728x960', '960x1728'],
};
const cogviewSizes: SizeRule = {
  min: 512,
  max: 2048,
  multipleOf: 16,
  maxPixels: 2 ** 21,
  recommended: ['1024x1024', '768x1344', '864x1152', '1344x768', '1152x864', '1440x720', '720x1440'],
};

const sizesOf: Readonly<Record<string, SizeRule>> = {
  'glm-image': glmSizes,
  'cogview-4-250304': cogviewSizes,
  'cogview-4': cogviewSizes,
  'cogview-3-flash': cogviewSizes,
};

/** Larger bodies are HTTP 435 (section 6). */
export const maxBodyBytes = 100 * 1024 * 1024;

/**
 * Reads a generate body. Fields that are not documented for glm-image (`n`, `seed`, `image`, ...) are ignored: whether the
 * upstream refuses them is not known (section 9).
 */
export function readGenerate(
  { body, bodyProblem }: Pick<Exchange, 'body' | 'bodyProblem'>,
  isAsync: boolean,
): { ok: true; value: GenerateRequest } | { ok: false; problem: Problem } {
  if (bodyProblem === 'too-large') return refuse({ code: '1210', status: 435 });
  if (bodyProblem === 'not-json' || typeof body !== 'object' || body === null || Array.isArray(body)) {
    return refuse({ code: '1210' });
  }
  const fields = body as Record<string, unknown>;
  const { model, prompt } = fields;
  if (isMissing(model)) return refuse({ code: '1213', about: 'model' });
  const sizes = typeof model === 'string' && Object.hasOwn(sizesOf, model) ? sizesOf[model] : undefined;
  if (typeof model !== 'string' || sizes === undefined) return refuse({ code: '1211' });
  if (isAsync && model !== 'glm-image') return refuse({ code: '1212', about: 'async' });
  if (isMissing(prompt)) return refuse({ code: '1213', about: 'prompt' });
  if (typeof prompt !== 'string') return invalid('prompt');
  const pixels = readSize(fields['size'] ?? sizes.recommended[0], sizes);
  if (pixels === undefined) return invalid('size');
  if (!['hd', 'standard', undefined, null].includes(fields['quality'] as string)) return invalid('quality');
  const watermark = fields['watermark_enabled'] ?? true;
  if (typeof watermark !== 'boolean') return invalid('watermark_enabled');
  if (!isTextOf(fields['user_id'], 6, 128)) return invalid('user_id');
  if (!isTextOf(fields['request_id'], 1, 256)) return invalid('request_id');
  return {
    ok: true,
    value: {
      model,
      prompt,
      ...pixels,
      hasWatermark: watermark,
      requestId: (fields['request_id'] as string | null | undefined) ?? undefined,
    },
  };
}

function refuse(problem: Problem): { ok: false; problem: Problem } {
  return { ok: false, problem };
}

function invalid(field: string): { ok: false; problem: Problem } {
  return refuse({ code: '1214', about: field });
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

/** Absent, or text of that many characters. */
function isTextOf(value: unknown, min: number, max: number): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'string' && value.length >= min && value.length <= max;
}

/** `WxH` with an ASCII x; some pages of the documentation print a multiplication sign, which the wire does not take. */
function readSize(size: unknown, rule: SizeRule): { width: number; height: number } | undefined {
  const match = typeof size === 'string' ? /^(\d{1,5})x(\d{1,5})$/.exec(size) : null;
  if (match === null) return undefined;
  const [width, height] = [Number(match[1]), Number(match[2])];
  const fits = (edge: number): boolean =>
    edge >= rule.min && edge <= rule.max && edge % rule.multipleOf === 0;
  const isCustom = fits(width) && fits(height) && width * height <= rule.maxPixels;
  return isCustom || rule.recommended.includes(match[0]) ? { width, height } : undefined;
}
