import { termsFrom, textOrNothing, toDataUri, type NativeAdapter } from '../../core/native.ts';

/** upstream-glm-image.md section 2: one image a request, from text alone. */
export const native: NativeAdapter = {
  promptOf: (body) => textOrNothing(body['prompt']),
  countOf: () => 1,
  termsOf: (body) => termsFrom(body['size'], body['quality']),
  imagesOf: () => [],
  inline: toDataUri,
};
