import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GatewayProcess } from './gateway.ts';
import type { PlannedRequest } from './schedule.ts';

/** What a caller was told, once per request sent. */
export type Answer =
  | {
      kind: 'answered';
      status: number;
      reason: string | undefined;
      imageId: string | undefined;
      replayed: string | undefined;
      /** Of pictures that came inside the answer. */
      sha256: readonly string[];
      images: number;
      text: string;
    }
  /** The connection ended without an answer. */
  | { kind: 'lost' }
  /** The caller hung up. */
  | { kind: 'left' };

/** Everything one caller did and was told. */
export interface CallerStory {
  request: PlannedRequest;
  /** Milliseconds of this process's clock; the end is when it stopped caring. */
  from: number;
  to: number;
  answers: readonly Answer[];
  /** The record it asked to be deleted; `isTold`: and was told so. */
  deleted: { imageId: string; isTold: boolean } | undefined;
}

export interface CallerTools {
  gateway: GatewayProcess;
  /** The keys' secrets. */
  secrets: readonly string[];
  /** A data URI, sent as often as a request has inputs. */
  inputPicture: string;
  onSent(): void;
}

const answerLimitMs = 40_000;
const maxSends = 12;
const maxConnects = 200;
const watchMs = 300;

/** Plays one caller to its end. */
export async function playCaller(request: PlannedRequest, tools: CallerTools): Promise<CallerStory> {
  await sleep(request.startAfterMs);
  const from = performance.now();
  const answers = await ask(request, tools);
  const deleted = request.deletes ? await deleteRecord(request, answers, tools) : undefined;
  return { request, from, to: performance.now(), answers, deleted };
}

async function ask(request: PlannedRequest, tools: CallerTools): Promise<Answer[]> {
  const { caller, marker } = request;
  switch (caller.kind) {
    case 'plain':
      return await sendUntilAccepted(request, {}, tools);
    case 'async':
      return await sendAndWatch(request, tools);
    case 'leaves':
      return [await send(request, {}, caller.afterMs, tools)];
    case 'idempotent': {
      const headers = { 'idempotency-key': `key of ${marker}` };
      const stories = await Promise.all(
        Array.from({ length: caller.twins }, () => sendUntilTold(request, () => headers, caller, tools)),
      );
      return stories.flat();
    }
    case 'resends':
      return await sendUntilTold(request, retryCount, caller, tools);
    default:
      return caller satisfies never;
  }
}

function retryCount(sent: number): Record<string, string> {
  return sent === 0 ? {} : { 'x-stainless-retry-count': String(sent) };
}

/** Sends again only what was told to have been free: no record was opened. */
async function sendUntilAccepted(
  request: PlannedRequest,
  headers: Record<string, string>,
  tools: CallerTools,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let sent = 0; sent < maxSends; sent += 1) {
    const answer = await send(request, headers, answerLimitMs, tools);
    answers.push(answer);
    if (answer.kind !== 'answered' || answer.status < 500 || answer.imageId !== undefined) break;
    await sleep(100 + 150 * sent);
  }
  return answers;
}

/** Looks at the record until it has ended; what it reads in between is no answer. */
async function sendAndWatch(request: PlannedRequest, tools: CallerTools): Promise<Answer[]> {
  const answers = await sendUntilAccepted(request, { prefer: 'respond-async' }, tools);
  const last = answers.at(-1);
  if (last?.kind !== 'answered' || last.status !== 202) return answers;
  const deadline = performance.now() + answerLimitMs;
  while (performance.now() < deadline) {
    await sleep(watchMs);
    await tools.gateway.up();
    const status = await fetch(`${tools.gateway.url}/v1/images/${last.imageId}`, {
      headers: authorization(request, tools),
      signal: AbortSignal.timeout(answerLimitMs),
    }).then(
      async (response) => ((await response.json()) as { status?: string }).status,
      () => 'in_progress',
    );
    if (status !== 'in_progress') break;
  }
  return answers;
}

/** Sends again as the SDKs do: after a lost connection, an own timeout, and every answer that invites it. */
async function sendUntilTold(
  request: PlannedRequest,
  headers: (sent: number) => Record<string, string>,
  { patienceMs }: { patienceMs: number },
  tools: CallerTools,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let sent = 0; sent < maxSends; sent += 1) {
    // Its patience grows, or it would never live to see an answer.
    const answer = await send(request, headers(sent), patienceMs + sent * 1500, tools);
    answers.push(answer);
    if (answer.kind === 'answered' && !invitesRetry(answer.status)) break;
    await sleep(100 + 150 * sent);
  }
  return answers;
}

function invitesRetry(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

async function send(
  request: PlannedRequest,
  headers: Record<string, string>,
  patienceMs: number,
  tools: CallerTools,
): Promise<Answer> {
  const { body, inputs } = request;
  const images = Array.from({ length: inputs }, () => tools.inputPicture);
  for (let tries = 0; ; tries += 1) {
    await tools.gateway.up();
    const patience = AbortSignal.timeout(Math.min(patienceMs, answerLimitMs));
    try {
      tools.onSent();
      const response = await fetch(`${tools.gateway.url}/v1/images/generations`, {
        method: 'POST',
        headers: { ...authorization(request, tools), 'content-type': 'application/json', ...headers },
        body: JSON.stringify(inputs === 0 ? body : { ...body, images }),
        signal: patience,
      });
      return read(response, await response.text());
    } catch (error) {
      if (patience.aborted) return { kind: 'left' };
      if (!(error instanceof TypeError)) throw error;
      if (!wasRefused(error) || tries === maxConnects) return { kind: 'lost' };
      await sleep(50);
    }
  }
}

/** Nobody listened: nothing was sent, and every caller would knock again. */
function wasRefused(error: TypeError): boolean {
  return error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'ECONNREFUSED';
}

function authorization(request: PlannedRequest, tools: CallerTools): Record<string, string> {
  return { authorization: `Bearer ${tools.secrets[request.key]}` };
}

/** Events as an answer: an error stands for the whole of it; an end without an error or an image is none. */
function readEvents(response: Response, text: string): Answer {
  const events = [...text.matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data ?? '') as WireEvent);
  const failure = events.find(({ type }) => type === 'error')?.error;
  const made = events.filter(({ type }) => type === 'image_generation.completed');
  if (failure === undefined && made.length === 0) return { kind: 'lost' };
  return {
    kind: 'answered',
    status: failure === undefined ? 200 : Number(failure.code),
    reason: failure?.reason,
    imageId: response.headers.get('x-image-id') ?? undefined,
    replayed: response.headers.get('idempotency-replayed') ?? undefined,
    sha256: made.flatMap(({ b64_json: base64 }) => (base64 === undefined ? [] : [hashOf(base64)])),
    images: made.length,
    text: text.slice(0, 400),
  };
}

function hashOf(base64: string): string {
  return createHash('sha256').update(base64, 'base64').digest('hex');
}

interface WireEvent {
  type: string;
  b64_json?: string;
  error?: { reason: string; code: string };
}

interface WireReply {
  id?: string;
  data?: { b64_json?: string }[];
  error?: { reason?: string };
}

function read(response: Response, text: string): Answer {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') === true)
    return readEvents(response, text);
  let reply: WireReply = {};
  try {
    reply = JSON.parse(text) as WireReply;
  } catch {
    // Told by the status, and by the check that a 200 has images.
  }
  const pictures = (reply.data ?? []).flatMap(({ b64_json: base64 }) =>
    base64 === undefined ? [] : [base64],
  );
  return {
    kind: 'answered',
    status: response.status,
    reason: reply.error?.reason,
    imageId: response.headers.get('x-image-id') ?? reply.id,
    replayed: response.headers.get('idempotency-replayed') ?? undefined,
    sha256: pictures.map(hashOf),
    images: reply.data?.length ?? 0,
    text: text.slice(0, 400),
  };
}

async function deleteRecord(
  request: PlannedRequest,
  answers: readonly Answer[],
  tools: CallerTools,
): Promise<CallerStory['deleted']> {
  const made = answers.find((answer) => answer.kind === 'answered' && answer.status === 200);
  if (made?.kind !== 'answered' || made.imageId === undefined) return undefined;
  const { imageId } = made;
  try {
    const response = await fetch(`${tools.gateway.url}/v1/images/${imageId}`, {
      method: 'DELETE',
      headers: authorization(request, tools),
      signal: AbortSignal.timeout(answerLimitMs),
    });
    await response.arrayBuffer();
    return { imageId, isTold: response.status === 200 };
  } catch {
    return { imageId, isTold: false };
  }
}
