import {
  countOrMost,
  objectAt,
  termsFrom,
  textOrNothing,
  toDataUri,
  type NativeAdapter,
  type NativeImage,
} from '../../core/native.ts';

/** upstream-seedream.md section 3: `image` is one or a list; a group may have 15 images with its inputs. */
export const native: NativeAdapter = {
  promptOf: (body) => textOrNothing(body['prompt']),
  countOf(body) {
    if ((body['sequential_image_generation'] ?? 'disabled') === 'disabled') return 1;
    const options = objectAt(body['sequential_image_generation_options']);
    return countOrMost(options?.['max_images'], 15);
  },
  termsOf: (body) => termsFrom(body['size']),
  imagesOf(body) {
    const { image } = body;
    if (typeof image === 'string') {
      return [{ param: 'image', text: image, put: (made) => void (body['image'] = toDataUri(made)) }];
    }
    if (!Array.isArray(image)) return [];
    const list: unknown[] = image;
    return list.flatMap((text, i): NativeImage[] =>
      typeof text === 'string'
        ? [{ param: `image[${i}]`, text, put: (made) => void (list[i] = toDataUri(made)) }]
        : [],
    );
  },
  inline: toDataUri,
};
