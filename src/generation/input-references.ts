import { GatewayError } from '../core/errors.ts';
import { isId } from '../core/ids.ts';

/** Where an input image is to come from, as the caller said it. */
export type Reference =
  /** http or https; the address is checked when it is read. */
  | { kind: 'remote'; url: string }
  /** Base64 that decodes. `mime` is the caller's claim, lower case; the bytes decide. */
  | { kind: 'inline'; mime: string; base64: string }
  | { kind: 'asset'; assetId: string }
  | { kind: 'upload'; upload: Upload };

/** A file that came with the request; it stands in the body where an image's address would. */
export class Upload {
  readonly bytes: number;
  readonly read: () => Promise<Uint8Array>;

  /** `bytes` is Infinity for a file that was not kept whole. */
  constructor(bytes: number, read: () => Promise<Uint8Array>) {
    this.bytes = bytes;
    this.read = read;
  }
}

/** One input image of a request. */
export interface InputReference {
  /** The caller's spelling of the whole field, e.g. `images`; blamed for faults of the list. */
  field: string;
  /** The caller's spelling of this item: `images[2]`, or just `image` where one value stands for a list. */
  param: string;
  reference: Reference;
}

/** `reference_images` and its aliases (public-api.md section 4.1). */
const spellings: readonly string[] = ['reference_images', 'images', 'image', 'image_urls', 'image_url'];

const legalForms =
  'An input image is an https:// URL, a data:image/<type>;base64,... URI or asset://<asset_id>';

/** Signed links run to about 2,000 characters; ten times that is nobody's address. */
const maxUrlLength = 16_384;

/**
 * The input images a request body names, in order, duplicates included (public-api.md sections 4.1 and 4.3).
 * Only forms are checked here, nothing is read. Throws GatewayError with the caller's spelling as param.
 */
export function readInputReferences(body: Readonly<Record<string, unknown>>): InputReference[] {
  // In the caller's own order, so that the spelling at fault is the one written second.
  const [field, second] = Object.keys(body).filter((key) => spellings.includes(key) && body[key] !== null);
  if (field === undefined) return [];
  if (second !== undefined) {
    throw new GatewayError(
      'invalid_value',
      `'${field}' and '${second}' are two spellings of one parameter. Send one of them.`,
      { param: second },
    );
  }
  const value = body[field];
  if (!Array.isArray(value)) return [{ field, param: field, reference: readReference(value, field) }];
  return value.map((item: unknown, index) => {
    const param = `${field}[${index}]`;
    return { field, param, reference: readReference(item, param) };
  });
}

/** One image input in any of its forms: a string, `{"url"}`, `{"image_url"}` or `{"file_id"}`. For masks too. */
export function readReference(value: unknown, param: string): Reference {
  if (typeof value === 'string') return readText(value, param);
  if (value instanceof Upload) return { kind: 'upload', upload: value };
  if (!isObject(value)) throw wrongType(param);
  const key = onlyKey(value, ['url', 'image_url', 'file_id'], param);
  const inner = value[key];
  // OpenAI's JSON edits name uploaded files so; ours are assets (public-api.md section 13).
  if (key === 'file_id') {
    if (typeof inner !== 'string') throw wrongType(`${param}.file_id`, 'A file_id is a string.');
    return readAsset(inner, `${param}.file_id`);
  }
  if (key === 'image_url' && isObject(inner)) {
    const url = inner[onlyKey(inner, ['url'], `${param}.image_url`)];
    if (typeof url !== 'string') throw wrongType(param);
    return readText(url, param);
  }
  if (typeof inner !== 'string') throw wrongType(param);
  return readText(inner, param);
}

function readText(text: string, param: string): Reference {
  if (text.trim() === '') {
    throw new GatewayError('invalid_value', `The input image is empty. ${legalForms}.`, { param });
  }
  // Only the head is matched: the rest may be tens of megabytes.
  const scheme = /^\s*([a-z][a-z0-9+.-]{0,30}):/i.exec(text.slice(0, 100))?.[1]?.toLowerCase();
  switch (scheme) {
    case 'https':
    case 'http':
      return { kind: 'remote', url: readUrl(text, param) };
    case 'data':
      return readDataUri(text, param);
    case 'asset':
      return readAsset(text.trim().replace(/^asset:(\/\/)?/i, ''), param);
    case undefined:
      throw new GatewayError('invalid_image', `${legalForms}; base64 alone needs that data: prefix.`, {
        param,
      });
    default:
      // Not image_fetch_failed: nothing was looked up or fetched, the value itself is at fault.
      throw new GatewayError('invalid_value', `'${scheme}:' is not taken. ${legalForms}.`, { param });
  }
}

function readUrl(text: string, param: string): string {
  const url = text.length <= maxUrlLength ? URL.parse(text) : null;
  if (url === null) {
    throw new GatewayError('invalid_value', 'The input image is not a valid URL.', { param });
  }
  return url.href;
}

function readDataUri(text: string, param: string): Reference {
  const fault = (message: string): GatewayError => new GatewayError('invalid_image', message, { param });
  const comma = text.slice(0, 256).indexOf(',');
  const head = /^\s*data:([^;,]*)((?:;[^;,]*)*);base64$/i.exec(text.slice(0, Math.max(comma, 0)));
  if (head === null) throw fault('The data URI must have the form data:image/<type>;base64,...');
  const mime = (head[1] ?? '').trim().toLowerCase();
  if (!mime.startsWith('image/')) throw fault('The data URI must be of an image type, e.g. image/png.');
  if (mime.startsWith('image/svg')) throw fault('SVG is not taken as an input image. Send it as PNG.');
  const base64 = withoutSpaces(text.slice(comma + 1));
  if (!isBase64(base64)) throw fault('The data URI does not carry valid base64.');
  return { kind: 'inline', mime, base64 };
}

/** Line breaks are what `base64` on a command line puts in; forgiving them changes no meaning. */
function withoutSpaces(text: string): string {
  return /[\t\n\f\r ]/.test(text) ? text.replaceAll(/[\t\n\f\r ]+/g, '') : text;
}

/** Standard alphabet, right length, not empty; padding may be left out. */
function isBase64(text: string): boolean {
  const unpadded = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  if (unpadded === 0 || unpadded % 4 === 1) return false;
  if (text.length !== unpadded && text.length % 4 !== 0) return false;
  return !/[^A-Za-z0-9+/]/.test(text.slice(0, unpadded));
}

function readAsset(assetId: string, param: string): Reference {
  // A malformed id is answered like one that never existed (public-api.md section 2).
  if (!isId('ua', assetId)) throw assetNotFound(param);
  return { kind: 'asset', assetId };
}

/** The one answer for an asset that is unknown, deleted or another key's. */
export function assetNotFound(param: string): GatewayError {
  return new GatewayError(
    'asset_not_found',
    'There is no such asset. Upload it with POST /v1/assets first.',
    {
      param,
    },
  );
}

function onlyKey(object: Record<string, unknown>, legal: readonly string[], param: string): string {
  // null is absent, here as everywhere (public-api.md section 1).
  const keys = Object.keys(object).filter((key) => object[key] !== null);
  const stranger = keys.find((key) => !legal.includes(key));
  if (stranger !== undefined) {
    throw new GatewayError('unknown_parameter', `An input image has no such field. ${legalForms}.`, {
      param: `${param}.${stranger.slice(0, 64)}`,
    });
  }
  const [key, second] = keys;
  if (key === undefined) {
    throw new GatewayError('missing_parameter', `The input image is missing: send {"url": "..."}.`, {
      param,
    });
  }
  if (second !== undefined) {
    throw new GatewayError(
      'invalid_value',
      `'${key}' and '${second}' both name the image. Send one of them.`,
      {
        param: `${param}.${second}`,
      },
    );
  }
  return key;
}

function wrongType(param: string, message?: string): GatewayError {
  return new GatewayError(
    'invalid_type',
    message ?? `An input image is a string, {"url": "..."} or {"image_url": "..."}.`,
    { param },
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
