import type { ImageRequest } from '../../core/image-request.ts';

/**
 * The body of generateContent (upstream-gemini.md section 3). `candidateCount` above 1 is refused upstream and
 * there is no pixel size: more images are more calls, sizes are a ratio and a tier.
 */
export function toBody(request: ImageRequest): Record<string, unknown> {
  if (request.native !== undefined) return { ...request.native };
  const { prompt, inputs, shape, seed } = request;
  return {
    ...request.providerOptions,
    contents: [
      {
        role: 'user',
        parts: [
          { text: prompt },
          ...inputs.map(({ mimeType, bytes }) => ({
            inlineData: { mimeType, data: Buffer.from(bytes).toString('base64') },
          })),
        ],
      },
    ],
    generationConfig: {
      responseModalities: ['IMAGE'],
      imageConfig: {
        // Left out, it follows the input image, else 1:1.
        ...(shape.ratio === undefined ? {} : { aspectRatio: shape.ratio }),
        // A capital K is required.
        imageSize: (shape.tier ?? '1K').toUpperCase(),
      },
      ...(seed === undefined ? {} : { seed }),
    },
  };
}

/** v1beta is the version that surely serves the model (section 12, quirk 10); a base URL that ends in a version wins. */
export function pathOf(baseUrl: string, model: string): string {
  const version = /\/v\d+[a-z]*$/.test(baseUrl) ? '' : '/v1beta';
  return `${version}/models/${encodeURIComponent(model)}:generateContent`;
}
