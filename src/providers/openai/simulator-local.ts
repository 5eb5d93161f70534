import { measureImage } from '../../sandbox/kit-inputs.ts';
import type {
  Exchange,
  Reply,
  SimulatorDefinition,
  SimulatorKit,
  SimulatorOptions,
} from '../../sandbox/kit.ts';
import { triggersIn } from '../../sandbox/kit-triggers.ts';

/**
 * Two local servers that speak OpenAI's API in ways of their own (upstream-local.md sections 3 and 4): LocalAI,
 * which answers with links unless told and takes no edits, and stable-diffusion.cpp's sd-server, which reads five
 * fields, silently ignores the others, and says its errors in a string. Neither asks for a key or counts tokens.
 */

export type LocalFlavour = 'localai' | 'sd-server';

/** `sim:<name>` in a prompt. */
const triggers = {
  loading: 'LocalAI loads the model first: 503 with Retry-After',
  opaque: 'LocalAI says nothing but the status',
};

const lifetimeMs = 24 * 60 * 60 * 1000;

interface Wanted {
  prompt: string;
  width: number;
  height: number;
  format: 'png' | 'jpeg';
  seeds: readonly number[];
  inputs: readonly Uint8Array[];
  isLink: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

export function defineLocal(
  kit: SimulatorKit,
  options: SimulatorOptions,
  flavour: LocalFlavour,
): SimulatorDefinition {
  const isLocalAi = flavour === 'localai';
  const model = isLocalAi ? 'flux.1-schnell' : 'sd-cpp-local';
  const failed = isLocalAi
    ? localAiError(500, 'could not load model: backend not found')
    : sdError(500, 'server_error', 'generate_image returned no results');

  async function create(exchange: Exchange, wanted: Wanted): Promise<Reply> {
    await kit.sleep(options.delayMs ?? 20);
    const data: Record<string, string>[] = [];
    for (const [index, seed] of wanted.seeds.entries()) {
      const { isLink, seeds: _, ...drawing } = wanted;
      const picture = await kit.draw({ ...drawing, seed, watermark: false });
      const { requestId } = exchange;
      kit.charge({ at: kit.now(), requestId, model, prompt: wanted.prompt, index }, picture);
      data.push(
        isLink
          ? {
              url: kit.pictures.put({
                ...picture,
                prompt: wanted.prompt,
                lifetimeMs,
                folder: '/generated-images',
                extension: 'png',
              }),
            }
          : { b64_json: Buffer.from(picture.bytes).toString('base64') },
      );
    }
    const created = Math.floor(kit.now() / 1000);
    const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    return {
      status: 200,
      json: isLocalAi
        ? { created, id: exchange.requestId, data, usage }
        : { created, data, output_format: wanted.format },
    };
  }

  async function generate(exchange: Exchange): Promise<Reply> {
    const fields: Fields = { ...Object(exchange.body) };
    const prompt = wordOf(fields['prompt']);
    const [played] = triggersIn(prompt, triggers);
    if (isLocalAi && played === 'opaque') return { status: 500 };
    if (isLocalAi && played === 'loading') {
      const error = { code: 'model_loading', message: 'the model is loading', type: 'model_loading' };
      return { status: 503, headers: { 'retry-after': '5' }, json: { error, loading: { progress: 0.4 } } };
    }
    if (exchange.bodyProblem !== undefined)
      return isLocalAi ? localAiError(400, 'failed reading parameters') : sdError(400, 'invalid json');
    if (prompt === '')
      return isLocalAi ? localAiError(400, 'prompt is empty') : sdError(400, 'prompt required');
    return create(
      exchange,
      isLocalAi ? wantedOfLocalAi(kit, fields, prompt) : wantedOfSd(kit, fields, prompt, []),
    );
  }

  /** Undecodable images are skipped without a word. */
  async function edit(exchange: Exchange): Promise<Reply> {
    const form = exchange.form ?? [];
    const fields: Fields = Object.fromEntries(form.map(({ name, value }) => [name, value]));
    const prompt = wordOf(fields['prompt']);
    if (prompt === '') return sdError(400, 'prompt required');
    const inputs = form.flatMap(({ name, value }) =>
      /^image(\[\])?$/.test(name) && typeof value !== 'string' && measureImage(value.bytes) !== undefined
        ? [value.bytes]
        : [],
    );
    if (inputs.length === 0) return sdError(400, 'at least one image is required');
    return create(exchange, wantedOfSd(kit, fields, prompt, inputs));
  }

  const post = { method: 'POST', on: 'submit' } as const;
  return {
    name: flavour,
    basePath: '/v1',
    credential: { apiKey: '' },
    variants: [],
    errors: { internal: () => failed },
    unknownRoute: () => ({ status: 404, bytes: Buffer.from('Not Found') }),
    routes: [
      { ...post, path: /^\/v1\/images\/generations$/, handle: generate },
      ...(isLocalAi ? [] : [{ ...post, path: /^\/v1\/images\/edits$/, handle: edit }]),
      {
        method: 'GET',
        path: /^\/v1\/models$/,
        on: 'other',
        handle: () => ({ status: 200, json: { data: [{ id: model, object: 'model', owned_by: 'local' }] } }),
      },
    ],
  };
}

/** What stands behind a `|` is the negative prompt; one seed serves all images; a size without `x` is 512x512. */
function wantedOfLocalAi(kit: SimulatorKit, fields: Fields, text: string): Wanted {
  const [prompt = ''] = text.split('|');
  const { width, height } = pixelsOf(fields['size']);
  const seed = typeof fields['seed'] === 'number' ? fields['seed'] : kit.seed();
  const seeds = Array.from({ length: Number(fields['n'] ?? 1) }, () => seed);
  return {
    prompt,
    width,
    height,
    format: 'png',
    seeds,
    inputs: [],
    isLink: fields['response_format'] !== 'b64_json',
  };
}

/** Settings in a tag of the prompt override everything. */
function wantedOfSd(kit: SimulatorKit, fields: Fields, text: string, inputs: readonly Uint8Array[]): Wanted {
  const [tag, json] = /<sd_cpp_extra_args>(.*?)<\/sd_cpp_extra_args>/s.exec(text) ?? [];
  const extra: Fields = json === undefined ? {} : { ...Object(JSON.parse(json)) };
  const { width, height } = { ...pixelsOf(fields['size']), ...extra };
  const seed = typeof extra['seed'] === 'number' ? extra['seed'] : kit.seed();
  const seeds = Array.from({ length: Number(fields['n'] ?? 1) }, (_, i) => (seed + i) % 2 ** 31);
  const format = fields['output_format'] === 'jpeg' ? 'jpeg' : 'png';
  return {
    prompt: tag === undefined ? text : text.replace(tag, ''),
    width,
    height,
    format,
    seeds,
    inputs,
    isLink: false,
  };
}

/** Anything that is no WxH falls back without a word. */
function pixelsOf(size: unknown): { width: number; height: number } {
  const [, width = 512, height = 512] = /^(\d{2,4})x(\d{2,4})$/.exec(wordOf(size))?.map(Number) ?? [];
  return { width, height };
}

function wordOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function localAiError(code: number, message: string): Reply {
  return { status: code, json: { error: { code, message, type: '' } } };
}

function sdError(status: number, error: string, message?: string): Reply {
  return { status, json: message === undefined ? { error } : { error, message } };
}
