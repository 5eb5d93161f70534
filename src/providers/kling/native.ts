import {
  countOrMost,
  itemsOf,
  objectAt,
  termsFrom,
  textOrNothing,
  toBase64,
  type NativeAdapter,
  type NativeImage,
} from '../../core/native.ts';

/** upstream-kling.md section 4: `image_list` holds addresses or bare base64. */
export const native: NativeAdapter = {
  promptOf: (body) => textOrNothing(body['prompt']),
  countOf: (body) => countOrMost(body['n'] ?? 1, 9),
  termsOf: (body) => termsFrom(body['resolution']),
  imagesOf: (body) =>
    itemsOf(body['image_list']).flatMap((item, i): NativeImage[] => {
      const entry = objectAt(item);
      const image = entry?.['image'];
      if (entry === undefined || typeof image !== 'string') return [];
      const isNamed = /^\s*(https?|asset|data):/i.test(image.slice(0, 100));
      const text = isNamed ? image : `data:image/unknown;base64,${image}`;
      const put = (made: Parameters<NativeImage['put']>[0]) => void (entry['image'] = toBase64(made));
      return [{ param: `image_list[${i}].image`, text, put }];
    }),
  inline: toBase64,
};

/** Whether a native body asks for the marked picture, which has an address of its own. */
export function isMarked(body: Readonly<Record<string, unknown>> | undefined): boolean {
  return objectAt(body?.['watermark_info'])?.['enabled'] === true;
}
