import { pictureName, variantOf } from './pictures.ts';

/**
 * What the upstream of a run answers stands in the model's name, which every contestant passes on as it is:
 * `b64-6000k`, `url-128k`, `b64-1400k-20ms`, `b64-1400k-chunked-20ms`. The size is that of the answer where the picture is
 * in it, else that of the picture.
 */
export interface AnswerKind {
  kind: 'b64' | 'url';
  pictureBytes: number;
  /** From the request's end to the answer's first byte. */
  latencyMs: number;
  /** Without a Content-Length. */
  isChunked: boolean;
}

export type Shape = 'openai' | 'gemini' | 'ark';

const pattern = /^(b64|url)-(\d{1,6})k(-chunked)?(?:-(\d{1,4})ms)?$/;

/** Room for the JSON around the base64. */
const envelopeBytes = 256;

/** Throws for a name that says nothing. */
export function readModelName(name: string): AnswerKind {
  const match = pattern.exec(name);
  if (match === null) throw new Error(`no answer is known for the model ${name}`);
  const bytes = Number(match[2]) * 1000;
  const isInside = match[1] === 'b64';
  return {
    kind: isInside ? 'b64' : 'url',
    pictureBytes: isInside ? Math.floor((bytes - envelopeBytes) / 4) * 3 : bytes,
    latencyMs: Number(match[4] ?? 0),
    isChunked: match[3] !== undefined,
  };
}

export function modelName(base: string, latencyMs: number): string {
  return latencyMs === 0 ? base : `${base}-${latencyMs}ms`;
}

/** What stands before the picture's base64. */
export const base64Marks: Record<Exclude<Shape, 'ark'>, string> = {
  openai: '"b64_json":"',
  gemini: '"data":"',
};

/** The body of a 200 as that upstream's documents have it. */
export function makeAnswer(
  shape: Shape,
  { kind, pictureBytes }: AnswerKind,
  number: number,
  tools: { readPicture: (bytes: number, variant: number) => Buffer; origin: string },
): Buffer {
  const variant = variantOf(number);
  const data = (): string => tools.readPicture(pictureBytes, variant).toString('base64');
  const url = `${tools.origin}/pictures/${pictureName(pictureBytes, variant)}`;
  const bodies: Record<Shape, () => object> = {
    openai: () => ({
      created: 1_795_372_800,
      data: [kind === 'url' ? { url } : { b64_json: data() }],
      usage: { input_tokens: 12, output_tokens: 1056, total_tokens: 1068 },
    }),
    ark: () => ({
      model: 'seedream',
      created: 1_795_372_800,
      data: [{ url, size: '2048x2048' }],
      usage: { generated_images: 1, output_tokens: 16_384, total_tokens: 16_384 },
    }),
    gemini: () => ({
      candidates: [
        {
          content: { role: 'model', parts: [{ inlineData: { mimeType: 'image/png', data: data() } }] },
          finishReason: 'STOP',
          index: 0,
        },
      ],
      usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 1120, totalTokenCount: 1132 },
      modelVersion: 'gemini',
      responseId: 'bench',
    }),
  };
  return Buffer.from(JSON.stringify(bodies[shape]()));
}
