import type { JsonSchema, Operation } from './operation.ts';

/** Of limits per minute, on replies to keys that have any; waits as Go writes them. */
const rate = {
  count: { type: 'integer', minimum: 0 },
  wait: {
    type: 'string',
    pattern: '^(\\d+ms|\\d+m\\d+(\\.\\d+)?s|\\d+(\\.\\d+)?s)$',
    examples: ['850ms', '58.891s', '1m0s'],
  },
};

/** Every header of a reply that is ours to explain (public-api.md sections 1, 8 and 9). */
export const replyHeaders = {
  'X-Request-Id': {
    about: 'This request, as the log names it. On every reply.',
    schema: { type: 'string', pattern: '^req_[0-9A-HJKMNP-TV-Z]{26}$' },
  },
  'X-Image-Id': {
    about: 'The record, as soon as there is one; also on errors.',
    schema: { type: 'string', pattern: '^img_[0-9A-HJKMNP-TV-Z]{26}$' },
  },
  'X-Served-By': {
    about: 'Who made the images: `provider/route`, or `sandbox/provider`.',
    schema: { type: 'string', pattern: '^[^/]+/[^/]+$' },
  },
  'Idempotency-Replayed': {
    about:
      '`true`: the stored reply of an earlier request; `joined`: the reply of one that this one repeats.',
    schema: { type: 'string', enum: ['true', 'joined'] },
  },
  'Preference-Applied': {
    about: 'Which of the preferences in `Prefer` were followed.',
    schema: { type: 'string' },
  },
  'Retry-After': {
    about: 'Whole seconds to wait before trying again.',
    schema: { type: 'integer', minimum: 1, maximum: 60 },
  },
  'retry-after-ms': {
    about: 'The same in milliseconds.',
    schema: { type: 'integer', minimum: 1, maximum: 60_000 },
  },
  'x-ratelimit-limit-requests': { about: 'Requests a minute that this key may send.', schema: rate.count },
  'x-ratelimit-remaining-requests': { about: 'How many of them are left now.', schema: rate.count },
  'x-ratelimit-reset-requests': { about: 'When all of them will be left again.', schema: rate.wait },
  'x-ratelimit-limit-images': { about: 'Images a minute that this key may make.', schema: rate.count },
  'x-ratelimit-remaining-images': { about: 'How many of them are left now.', schema: rate.count },
  'x-ratelimit-reset-images': { about: 'When all of them will be left again.', schema: rate.wait },
  'x-should-retry': {
    about: "Whether sending the request again can help and costs nothing twice. OpenAI's clients obey it.",
    schema: { type: 'string', enum: ['true', 'false'] },
  },
  'WWW-Authenticate': { about: 'How to authenticate.', schema: { type: 'string', const: 'Bearer' } },
  Allow: { about: 'The methods this address takes.', schema: { type: 'string' } },
  Location: { about: 'Where to go on.', schema: { type: 'string' } },
  'X-Accel-Buffering': {
    about: 'Tells proxies to pass events on as they come.',
    schema: { type: 'string', const: 'no' },
  },
  ETag: { about: 'Changes when the content does.', schema: { type: 'string' } },
  'Cache-Control': { about: 'How long the reply may be kept.', schema: { type: 'string' } },
  'Content-Disposition': { about: 'The name to save it under.', schema: { type: 'string' } },
  'Content-Range': { about: 'Which bytes these are.', schema: { type: 'string' } },
  'Accept-Ranges': { about: 'Parts can be asked for.', schema: { type: 'string', const: 'bytes' } },
  'X-Content-Type-Options': { about: 'The type is meant.', schema: { type: 'string', const: 'nosniff' } },
  'Content-Security-Policy': { about: 'What a browser may do with it.', schema: { type: 'string' } },
} as const satisfies Record<string, { about: string; schema: JsonSchema }>;

export type ReplyHeader = keyof typeof replyHeaders;

/** What replies under /v1 say of the key's limits, where it has any. */
export function limitHeaders(operation: Pick<Operation, 'access' | 'tag'>): readonly ReplyHeader[] {
  if (operation.access !== 'key') return [];
  const requests = [
    'x-ratelimit-limit-requests',
    'x-ratelimit-remaining-requests',
    'x-ratelimit-reset-requests',
  ] as const;
  if (operation.tag !== 'Create') return requests;
  return [
    ...requests,
    'x-ratelimit-limit-images',
    'x-ratelimit-remaining-images',
    'x-ratelimit-reset-images',
  ];
}

/** On every reply there is. */
export const headersOfEveryReply: readonly ReplyHeader[] = ['X-Request-Id'];
