import type { FaultKind } from '../core/fault.ts';
import { faultTable, UpstreamFault } from '../core/fault.ts';
import type { FailedAnswer } from '../core/upstream-client.ts';
import { withoutCredentials } from './without-credentials.ts';

/**
 * What every adapter's `readFault` is made of: a declared table says what a code means, and these functions
 * turn the row and the upstream's own words into a fault. The words go to the log only.
 */

/** What one status or code of an upstream means. */
export interface FaultMeaning {
  kind: FaultKind;
  /** Our field at fault, where the code alone tells. */
  param?: string;
  /** For the caller, where the kind's own text would be wrong. */
  message?: string;
  /** For the operator, where more is known than the kind says: what happened and what to do. */
  advice?: string;
}

/** An adapter's table: the upstream's code -> what it means. */
export type FaultMeanings = Readonly<Record<string, FaultKind | FaultMeaning>>;

/** What the upstream said about its refusal, as far as it could be read. */
export interface Said {
  code?: string | undefined;
  text?: string | undefined;
  requestId?: string | undefined;
  /** Our field at fault, read from the text. */
  param?: string | undefined;
  /** The wait asked for in the body; a Retry-After header is read here. */
  waitMs?: number | undefined;
}

const maxDetails = 500;

/** One fault from its declared meaning and the upstream's words. */
export function faultFrom(
  meaning: FaultKind | FaultMeaning,
  answer: Pick<FailedAnswer, 'status' | 'headers'>,
  said: Said = {},
): UpstreamFault {
  const row: FaultMeaning = typeof meaning === 'string' ? { kind: meaning } : meaning;
  const param = row.param ?? (row.kind === 'parameter' ? said.param : undefined);
  const message = row.message ?? (row.kind === 'parameter' ? refusedField(param) : undefined);
  const waitMs = waits(row.kind) ? (said.waitMs ?? retryAfterMs(answer.headers)) : undefined;
  return new UpstreamFault(row.kind, {
    details: detailsOf(answer.status, said),
    ...(param === undefined ? {} : { param }),
    ...(message === undefined ? {} : { message }),
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(row.advice === undefined ? {} : { advice: row.advice }),
  });
}

/** The row of a code or, where codes have dots, of the nearest one above it: `InvalidParameter.Size` -> `InvalidParameter`. */
export function meaningOfCode(
  table: FaultMeanings,
  code: string | null | undefined,
): FaultKind | FaultMeaning | undefined {
  const parts = (code ?? '').split('.');
  for (let length = parts.length; length > 0; length -= 1) {
    const name = parts.slice(0, length).join('.');
    if (Object.hasOwn(table, name)) return table[name];
  }
  return undefined;
}

/**
 * The meaning of a status whose code no table knows. A 4xx was refused, so nothing was charged, but an
 * unknown refusal is not resent (the list of public-api.md section 4.5 is closed); after any other status
 * work may have begun.
 */
export function meaningOfStatus(status: number): FaultKind | FaultMeaning {
  if (status === 401 || status === 403) return 'auth';
  if (status === 404) return 'misconfigured';
  if (status === 400 || status === 413 || status === 422) return 'parameter';
  if (status === 408 || status === 499) return 'unknown';
  if (status >= 400 && status < 500) {
    return {
      kind: 'failed',
      message:
        'The image service refused the request for a reason it did not explain; nothing was generated.',
    };
  }
  return 'unknown';
}

/**
 * The first field of the upstream that its text names, as our own: `image_list[1]` -> `reference_images[1]`.
 * `fields` is upstream name -> our name.
 */
export function namedField(
  text: string | undefined,
  fields: Readonly<Record<string, string>>,
): string | undefined {
  const names = Object.keys(fields).toSorted((a, b) => b.length - a.length);
  const match = new RegExp(`(?<![\\w.])(${names.join('|')})(?:\\[(\\d{1,2})\\])?(?!\\w)`).exec(text ?? '');
  const ours = match?.[1] === undefined ? undefined : fields[match[1]];
  return ours === 'reference_images' && match?.[2] !== undefined ? `${ours}[${match[2]}]` : ours;
}

function refusedField(param: string | undefined): string | undefined {
  return param === undefined ? undefined : `The image service refused the value of '${param}'.`;
}

function waits(kind: FaultKind): boolean {
  return faultTable[kind].resend === 'here';
}

/** Retry-After as milliseconds: seconds, or a date against the answer's own clock. */
function retryAfterMs(headers: FailedAnswer['headers']): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - Date.parse(headers['date'] ?? '');
  return Number.isFinite(ms) && ms >= 0 ? Math.ceil(ms) : undefined;
}

function detailsOf(status: number, { code, text, requestId }: Said): string {
  const parts = [
    `HTTP ${status}`,
    code === undefined ? '' : `code ${code}`,
    requestId === undefined ? '' : `request ${requestId}`,
    text === undefined ? '' : `said: ${withoutCredentials(text.slice(0, 4 * maxDetails))}`,
  ];
  return parts
    .filter((part) => part !== '')
    .join(', ')
    .replaceAll(/[\u0000-\u001f\u007f]+/g, ' ')
    .slice(0, maxDetails);
}
