import { base64Marks, readModelName } from '../answers.ts';
import type { Contestant } from '../contestants/contestant.ts';
import type { Expected } from '../load-job.ts';
import type { Runner } from '../measure.ts';

export type ReplyFormat = 'url' | 'b64_json';

/** How the tables name Easel when its callers want this. */
export function easelName(format: ReplyFormat): string {
  return `easel (${format})`;
}

/** A caller of OpenAI's API; `model` says what the upstream answers (answers.ts). */
export function imageRequest(contestant: Contestant, model: string, expected: Expected): Runner['request'] {
  return postJson(contestant, '/images/generations', { model, prompt: 'A paper boat #N', n: 1 }, expected);
}

/** What a contestant that passes answers on must send. */
export function upstreamAnswer(model: string): Expected {
  const { kind, pictureBytes } = readModelName(model);
  return kind === 'url'
    ? { kind: 'text', holds: ['"url":"http://127.0.0.1:'] }
    : { kind: 'base64', mark: base64Marks.openai, pictureBytes };
}

/** A caller of Easel, who says what the reply must hold. */
export function easelRequest(
  easel: Contestant,
  model: string,
  format: ReplyFormat,
  pictureBytes: number,
): Runner {
  const expected: Expected =
    format === 'url'
      ? { kind: 'text', holds: ['"url":"http://127.0.0.1:', '/v1/files/img_'] }
      : { kind: 'base64', mark: base64Marks.openai, pictureBytes };
  const body = { model, prompt: 'A paper boat #N', n: 1, response_format: format };
  const request = postJson(easel, '/images/generations', body, expected);
  return {
    contestant: `${easel.name} (${format})`,
    pid: easel.process?.pid,
    request: format === 'url' ? { ...request, keepReplies: 2 } : request,
  };
}

export function postJson(
  { baseUrl, headers }: Pick<Contestant, 'baseUrl' | 'headers'>,
  path: string,
  body: object,
  expected: Expected,
): Runner['request'] {
  const { origin, pathname } = new URL(baseUrl);
  return {
    origin,
    method: 'POST',
    path: `${pathname.replace(/\/$/, '')}${path}`,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    expected,
  };
}

export function getRequest(
  url: string,
  headers: Record<string, string>,
  expected: Expected,
): Runner['request'] {
  const { origin, pathname, search } = new URL(url);
  return { origin, method: 'GET', path: `${pathname}${search}`, headers, expected };
}
