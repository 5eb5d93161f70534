import {
  countOrMost,
  itemsOf,
  objectAt,
  termsFrom,
  toBase64,
  type NativeAdapter,
  type NativeBody,
  type NativeImage,
} from '../../core/native.ts';

/**
 * upstream-gemini.md section 3: images are parts of `contents`, as bytes or by address. Google reads both spellings of
 * a name. One candidate may hold several images; how many is the model's to decide, usually one.
 */
export const native: NativeAdapter = {
  promptOf(body) {
    const texts = partsOf(body).flatMap(({ part }) =>
      typeof part['text'] === 'string' ? [part['text']] : [],
    );
    return texts.length === 0 ? undefined : texts.join('\n');
  },
  countOf(body) {
    const config = configOf(body);
    return countOrMost(config?.['candidateCount'] ?? config?.['candidate_count'] ?? 1, 8);
  },
  termsOf(body) {
    const config = configOf(body);
    const image = objectAt(config?.['imageConfig'] ?? config?.['image_config']);
    return termsFrom(image?.['imageSize'] ?? image?.['image_size']);
  },
  imagesOf: (body) =>
    [...partsOf(body), ...instructionParts(body)].flatMap(({ part, param }): NativeImage[] => {
      const put: NativeImage['put'] = (image) => {
        for (const name of [...inlineNames, ...fileNames]) delete part[name];
        part['inlineData'] = { mimeType: image.mimeType, data: toBase64(image) };
      };
      return [...inlineImages(part, param), ...fileImages(part, param)].map((image) => ({ ...image, put }));
    }),
  inline: toBase64,
};

function configOf(body: NativeBody): NativeBody | undefined {
  return objectAt(body['generationConfig'] ?? body['generation_config']);
}

const inlineNames = ['inlineData', 'inline_data'];
const fileNames = ['fileData', 'file_data'];

interface Place {
  part: NativeBody;
  param: string;
}

function partsOf(body: NativeBody): Place[] {
  const { contents } = body;
  const list = Array.isArray(contents) ? contents : contents === undefined ? [] : [contents];
  return list.flatMap((content: unknown, i) => partsIn(content, `contents[${i}]`));
}

/** They are content as well, and could hold an image. */
function instructionParts(body: NativeBody): Place[] {
  return ['systemInstruction', 'system_instruction'].flatMap((name) => partsIn(body[name], name));
}

function partsIn(content: unknown, param: string): Place[] {
  return itemsOf(objectAt(content)?.['parts']).flatMap((item, k) => {
    const part = objectAt(item);
    return part === undefined ? [] : [{ part, param: `${param}.parts[${k}]` }];
  });
}

function inlineImages(part: NativeBody, param: string): Omit<NativeImage, 'put'>[] {
  return inlineNames.flatMap((name) => {
    const data = objectAt(part[name])?.['data'];
    if (typeof data !== 'string') return [];
    const isNamed = /^\s*(asset|data):/i.test(data.slice(0, 100));
    // Both alphabets are read there; ours knows the standard one.
    const text = isNamed
      ? data
      : `data:image/unknown;base64,${data.replaceAll('-', '+').replaceAll('_', '/')}`;
    return [{ param: `${param}.${name}.data`, text }];
  });
}

function fileImages(part: NativeBody, param: string): Omit<NativeImage, 'put'>[] {
  return fileNames.flatMap((name) => {
    const file = objectAt(part[name]);
    const key = ['fileUri', 'file_uri'].find((key) => typeof file?.[key] === 'string');
    const text = key === undefined ? undefined : file?.[key];
    return typeof text === 'string' ? [{ param: `${param}.${name}.${key}`, text }] : [];
  });
}
