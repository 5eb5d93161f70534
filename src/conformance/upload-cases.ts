import assert from 'node:assert/strict';
import { isMade, isRefusal, type Answer, type Deployment, type ModelCard } from './deployment.ts';
import { pictureUrl } from './picture.ts';
import type { Case } from './run-cases.ts';

/** Forms: edits as OpenAI's clients send them, and assets. `card` takes input images and costs nothing. */
export function uploadCases(easel: Deployment, card: ModelCard, other: Deployment | undefined): Case[] {
  return [...editCases(easel, card), ...assetCases(easel, card, other)];
}

const edits = '/v1/images/edits';
const picture = pictureUrl();

function fileOf(name: string, type: string): File {
  const bytes = Buffer.from(picture.slice(picture.indexOf(',') + 1), 'base64');
  return new File([bytes], name, { type });
}

function formOf(fields: readonly (readonly [string, string | File])[]): FormData {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  return form;
}

function editCases(easel: Deployment, { id, input_images: { max } }: ModelCard): Case[] {
  const texts = [
    ['model', id],
    ['prompt', 'conformance: at night'],
  ] as const;
  const post = (...fields: (readonly [string, string | File])[]): Promise<Answer> =>
    easel.ask('POST', edits, formOf(fields));
  const image = fileOf('boat.png', 'image/png');
  const made = (name: string, ...fields: (readonly [string, string | File])[]): Case => ({
    name: `edits takes ${name}`,
    run: async () => isMade(await post(...fields)),
  });
  return [
    ...['image', 'image[]', 'image[0]'].map((name) => made(`a file called ${name}`, ...texts, [name, image])),
    made('files before the texts', ['image', image], ...texts),
    made('image twice', ...texts, ['image', image], ['image', image]),
    made('image[] twice', ...texts, ['image[]', image], ['image[]', image]),
    made('a blob of no type', ...texts, ['image', fileOf('blob', 'application/octet-stream')]),
    made('numbers as text', ...texts, ['image', image], ['n', '1'], ['response_format', 'b64_json']),
    {
      name: 'edits takes JSON as OpenAI has it',
      async run() {
        const images = [{ image_url: picture }];
        isMade(await easel.ask('POST', edits, { model: id, prompt: 'conformance: at night', images }));
      },
    },
    {
      name: 'edits without an image is refused',
      run: async () => isRefusal(await post(...texts), { status: 400, reason: 'missing_parameter' }),
    },
    {
      name: 'edits without a prompt is refused by name',
      run: async () =>
        isRefusal(await post(['model', id], ['image', image]), {
          status: 400,
          reason: 'missing_parameter',
          param: 'prompt',
        }),
    },
    {
      name: 'edits with a file that is no picture is refused',
      run: async () =>
        isRefusal(await post(...texts, ['image', new File(['text'], 'boat.png', { type: 'image/png' })]), {
          status: 400,
          reason: 'invalid_image',
        }),
    },
    {
      name: 'edits with text that is no number is refused by name',
      run: async () =>
        isRefusal(await post(...texts, ['image', image], ['n', 'two']), {
          status: 400,
          reason: ['invalid_type', 'invalid_value'],
          param: 'n',
        }),
    },
    {
      name: 'edits with a field that nobody knows is refused by name',
      run: async () =>
        isRefusal(await post(...texts, ['image', image], ['no_such_field', '1']), {
          status: 400,
          reason: 'unknown_parameter',
          param: 'no_such_field',
        }),
    },
    {
      name: 'edits with too many files is refused',
      async run() {
        const many = Array.from({ length: Math.max(max, 16) + 1 }, () => ['image[]', image] as const);
        isRefusal(await post(...texts, ...many), { status: 400, reason: 'too_many_inputs' });
      },
    },
    {
      name: 'edits with a form that is cut off is refused',
      run: async () =>
        isRefusal(
          await easel.ask('POST', edits, '--x\r\nContent-Disposition: form-data; name="model"\r\n\r\nabc', {
            'content-type': 'multipart/form-data; boundary=x',
          }),
          { status: 400, reason: ['invalid_value', 'invalid_json', 'missing_parameter'] },
        ),
    },
  ];
}

function assetCases(easel: Deployment, { id: model }: ModelCard, other: Deployment | undefined): Case[] {
  const upload = async (of: Deployment = easel): Promise<string> => {
    const answer = await of.ask('POST', '/v1/assets', formOf([['file', fileOf('boat.png', 'image/png')]]));
    assert.deepEqual([answer.status, answer.at('code')], [200, 0], answer.text.slice(0, 300));
    assert.equal(answer.at('data.uri'), `asset://${String(answer.at('data.assetId'))}`);
    return String(answer.at('data.assetId'));
  };
  const remove = (assetId: string, of: Deployment = easel) => of.ask('DELETE', `/v1/assets/${assetId}`);
  const create = (assetId: string) => {
    const body = { model, prompt: 'conformance: at night', images: [`asset://${assetId}`] };
    return easel.ask('POST', '/v1/images/generations', body);
  };
  const unknown = { status: 400, reason: 'asset_not_found', param: 'images[0]' };
  const notFound = { status: 404, reason: 'not_found' };
  return [
    {
      name: 'an asset is kept, shown, listed, an input image, and gone when it is deleted',
      async run() {
        const assetId = await upload();
        const one = await easel.ask('GET', `/v1/assets/${assetId}`);
        assert.deepEqual([one.at('data.width'), one.at('data.mimeType')], [512, 'image/png']);
        const list = await easel.ask('GET', '/v1/assets?current=1&size=100');
        const listed = list.at('data.list') as { assetId: string }[];
        assert.ok(listed.some((asset) => asset.assetId === assetId));
        isMade(await create(assetId));
        assert.deepEqual((await remove(assetId)).at('data'), { assetId, deleted: true });
        isRefusal(await remove(assetId), notFound);
        isRefusal(await easel.ask('GET', `/v1/assets/${assetId}`), notFound);
        isRefusal(await create(assetId), unknown);
      },
    },
    {
      name: 'a file that is no picture is no asset',
      async run() {
        const file = new File(['text'], 'boat.png', { type: 'image/png' });
        const answer = await easel.ask('POST', '/v1/assets', formOf([['file', file]]));
        isRefusal(answer, { status: 400, reason: 'invalid_image', param: 'file' });
      },
    },
    {
      name: 'an upload without a file is refused by name',
      run: async () =>
        isRefusal(await easel.ask('POST', '/v1/assets', formOf([['name', 'boat']])), {
          status: 400,
          reason: 'missing_parameter',
          param: 'file',
        }),
    },
    {
      name: 'an upload that is no form is refused',
      run: async () =>
        isRefusal(await easel.ask('POST', '/v1/assets', { file: picture }), {
          status: 415,
          reason: 'invalid_content_type',
        }),
    },
    ...(other === undefined
      ? []
      : [
          {
            name: "another key's asset is as if it had never been",
            async run() {
              const assetId = await upload(other);
              isRefusal(await easel.ask('GET', `/v1/assets/${assetId}`), notFound);
              isRefusal(await remove(assetId), notFound);
              isRefusal(await create(assetId), unknown);
              assert.equal((await remove(assetId, other)).status, 200);
            },
          },
        ]),
  ];
}
