import { mimeTypes } from '../../src/core/image-format.ts';
import type { ImageFormat } from '../../src/core/image-format.ts';
import type { ImageRequest, InputImage } from '../../src/core/image-request.ts';
import type { Answer, FailedAnswer } from '../../src/core/upstream-client.ts';

/** A request as an adapter is given it: nothing said but what `facts` say. */
export function requestOf(facts: Partial<ImageRequest> & { model: string }): ImageRequest {
  return {
    prompt: 'A paper boat on a rain gutter',
    n: 1,
    inputs: [],
    shape: { tier: undefined, ratio: undefined, pixels: undefined },
    quality: undefined,
    watermark: undefined,
    seed: undefined,
    group: undefined,
    outputFormat: undefined,
    negativePrompt: undefined,
    mask: undefined,
    style: undefined,
    background: undefined,
    moderation: undefined,
    outputCompression: undefined,
    inputFidelity: undefined,
    providerOptions: {},
    user: undefined,
    ...facts,
  };
}

/** An input image of any bytes; adapters look at none of them. */
export function inputOf(bytes: Uint8Array, format: ImageFormat = 'png', place = 0): InputImage {
  return {
    param: `reference_images[${place}]`,
    bytes,
    format,
    mimeType: mimeTypes[format],
    width: 512,
    height: 512,
  };
}

/** A refusal as the client hands it to `readFault`. */
export function refusalOf(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): FailedAnswer {
  return { status, body, headers };
}

/** A success without pictures inside. */
export function answerOf(body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status: 200, headers, body, held: [] };
}
