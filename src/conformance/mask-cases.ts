import { isMade, isRefusal, type Deployment, type ModelCard } from './deployment.ts';
import { maskUrl, pictureUrl } from './picture.ts';
import type { Case } from './run-cases.ts';

/** Masks: by form and by JSON, taken where the card has them (public-api.md section 13). */

const edits = '/v1/images/edits';
const prompt = 'conformance: a hole';

interface Edit {
  image?: string;
  mask?: string;
}

/** Nothing of this is made, by whatever model. `ask` sends an edit. */
export function maskRefusals(
  { id, parameters, input_images: inputs }: ModelCard,
  ask: Deployment['ask'],
): Case[] {
  if (inputs.max === 0) return [];
  const image = pictureUrl();
  const wrong: [string, Edit, string, string][] =
    'mask' in parameters
      ? [
          ['without transparency', { image, mask: pictureUrl() }, 'invalid_image', 'mask'],
          ['of another size', { image, mask: maskUrl(256) }, 'invalid_image', 'mask'],
          ['without an image', { mask: maskUrl() }, 'missing_parameter', 'image'],
        ]
      : [['where the model has none', { image, mask: maskUrl() }, 'unsupported_parameter', 'mask']];
  return wrong.flatMap(([what, edit, reason, param]) =>
    spellings(id, edit).map(([spelling, body]) => ({
      name: `${id}: a mask ${what} is refused (${spelling})`,
      run: async () => isRefusal(await ask('POST', edits, body), { status: 400, reason, param }),
    })),
  );
}

/** Of a model that may make images. */
export function maskedCases(easel: Deployment, { id, parameters }: ModelCard): Case[] {
  if (!('mask' in parameters)) return [];
  return spellings(id, { image: pictureUrl(), mask: maskUrl() }).map(([spelling, body]) => ({
    name: `${id}: a mask is taken (${spelling})`,
    run: async () => isMade(await easel.ask('POST', edits, body)),
  }));
}

function spellings(model: string, { image, mask }: Edit): [string, object][] {
  const form = new FormData();
  form.append('model', model);
  if (mask !== undefined) form.append('mask', fileOf(mask));
  form.append('prompt', prompt);
  if (image !== undefined) form.append('image[]', fileOf(image));
  const body = { model, prompt, ...(image === undefined ? {} : { images: [{ image_url: image }] }) };
  return [
    ['a form', form],
    ['JSON', { ...body, mask: { image_url: mask } }],
    ['JSON, as a string', { ...body, mask }],
  ];
}

function fileOf(url: string): File {
  const bytes = Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
  return new File([bytes], 'blob', { type: 'application/octet-stream' });
}
