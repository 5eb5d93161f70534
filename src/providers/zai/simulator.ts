/**
 * Z.ai's image API as a loopback server, written from upstream-glm-image.md (https://docs.z.ai/api-reference/image/generate-image
 * and generate-image-async): the synchronous call, the asynchronous one with its result, and the pictures on an origin of their
 * own. Prompts play oddities with `sim:<name>`; see `promptTriggers`.
 */

import { randomBytes, randomInt } from 'node:crypto';

import {
  type DrawnPicture,
  type Exchange,
  type InjectedFault,
  type Reply,
  type Simulator,
  type SimulatorDefinition,
  type SimulatorKit,
  type SimulatorOptions,
  startSimulator,
} from '../../sandbox/kit.ts';
import { createTaskTable } from '../../sandbox/kit-tasks.ts';
import { authProblem } from './simulator-auth.ts';
import { type NamedError, errorReply, namedErrors } from './simulator-errors.ts';
import { type GenerateRequest, maxBodyBytes, readGenerate } from './simulator-request.ts';
import { type Oddity, readScript, variants } from './simulator-scripts.ts';

export { promptTriggers } from './simulator-scripts.ts';

export interface ZaiSimulatorOptions extends SimulatorOptions {
  /** Each picture answers 404 for so many downloads and for so long after the reply; no lag unless told. */
  cdnLag?: { times?: number; ms?: number };
  /** A task answers PROCESSING to at least so many polls; 0 unless told. */
  processingPolls?: number;
}

/** `<id>.<secret>`: the secret signs the older JWT form. */
const apiKey = 'sandbox-zai-id.sandbox-zai-secret';

const linkLifetimeMs = 30 * 24 * 60 * 60 * 1000;

/** Starts the simulator. `capacity` is how many pictures may be in work at once, both call forms together; none is no limit. */
export async function startZaiSimulator(options: ZaiSimulatorOptions): Promise<Simulator> {
  return startSimulator(options, (kit) => defineZai(kit, options));
}

/** A call that was accepted. */
interface Job {
  request: GenerateRequest;
  oddities: ReadonlySet<Oddity>;
  /** Z.ai's own id of the call. */
  id: string;
  /** As echoed: the caller's, or Z.ai's. */
  requestId: string;
  at: number;
}

interface Published {
  url: string;
  /** Until it is charged. */
  picture?: DrawnPicture;
}

interface TaskFacts {
  job: Job;
  processingPolls: number;
}

function defineZai(kit: SimulatorKit, options: ZaiSimulatorOptions): SimulatorDefinition {
  const delayMs = options.delayMs ?? 20;
  const usedRequestIds = recentNames(10_000);
  const facts = new Map<string, TaskFacts>();
  let runningCalls = 0;

  const tasks = createTaskTable<Published>({
    now: () => kit.now(),
    onSettled: (task) => {
      const job = facts.get(task.id)?.job;
      if (job === undefined || task.outcome?.ok !== true) return;
      const { value } = task.outcome;
      if (value.picture !== undefined) charge(job, value.picture, task.id);
      // The picture store decides how long the bytes are held, not the list of tasks.
      delete value.picture;
    },
    onForgotten: (task) => facts.delete(task.id),
  });

  /** The checks that both call forms share. */
  function accept(exchange: Exchange, isAsync: boolean): { job: Job } | { reply: Reply } {
    const read = readGenerate(exchange, isAsync);
    if (!read.ok) return { reply: errorReply(exchange, read.problem.code, read.problem) };
    const request = read.value;
    const script = readScript(request.prompt, variantOf(exchange.fault));
    const fault = exchange.fault;
    const error = fault?.kind === 'moderation' && fault.stage !== 'output' ? 'moderated' : script.error;
    if (error !== undefined) return { reply: namedErrors[error](exchange) };
    if (request.requestId !== undefined && usedRequestIds.has(request.requestId)) {
      return { reply: errorReply(exchange, '1231', { about: request.requestId }) };
    }
    if (openJobs() >= (options.capacity ?? Infinity)) return { reply: namedErrors.throttled(exchange) };
    if (request.requestId !== undefined) usedRequestIds.add(request.requestId);
    const requestId = request.requestId ?? exchange.requestId;
    return {
      job: { request, oddities: script.oddities, id: exchange.requestId, requestId, at: exchange.at },
    };
  }

  function openJobs(): number {
    if (options.capacity === undefined) return 0;
    tasks.settleDue();
    return runningCalls + tasks.all().filter((task) => task.outcome === undefined).length;
  }

  async function generate(exchange: Exchange): Promise<Reply> {
    const accepted = accept(exchange, false);
    if ('reply' in accepted) return accepted.reply;
    const { job } = accepted;
    runningCalls += 1;
    try {
      await kit.sleep(delayMs);
      const failure = partialError(exchange.fault);
      if (failure !== undefined) return namedErrors[failure](exchange);
      if (job.oddities.has('task-fail')) return namedErrors.internal(exchange);
      if (job.oddities.has('output-blocked')) return errorReply(exchange, '1301', { role: 'assistant' });
      const { url, picture } = await drawAndPublish(job);
      charge(job, picture);
      return { status: 200, json: syncBody(job, url) };
    } finally {
      runningCalls -= 1;
    }
  }

  function submit(exchange: Exchange): Reply {
    const accepted = accept(exchange, true);
    if ('reply' in accepted) return accepted.reply;
    const { job } = accepted;
    tasks.settleDue();
    const id = `8811${String(randomInt(1e13)).padStart(13, '0')}`;
    const isFailing =
      job.oddities.has('task-fail') ||
      job.oddities.has('output-blocked') ||
      partialError(exchange.fault) !== undefined;
    facts.set(id, {
      job,
      processingPolls: (options.processingPolls ?? 0) + (job.oddities.has('slow-task') ? 3 : 0),
    });
    tasks.add({
      id,
      createdAt: job.at,
      dueAt: job.at + delayMs,
      work: () => (isFailing ? Promise.reject(new Error('FAIL')) : drawAndPublish(job)),
    });
    return {
      status: 200,
      json: { model: job.request.model, id, request_id: job.requestId, task_status: 'PROCESSING' },
    };
  }

  async function poll(exchange: Exchange): Promise<Reply> {
    const [id = ''] = exchange.params;
    const task = await tasks.get(id);
    const known = facts.get(id);
    if (task === undefined || known === undefined) return errorReply(exchange, '1233', { about: id });
    const { job } = known;
    const body = { model: job.request.model, id, request_id: job.requestId };
    const isHeldBack = exchange.fault?.kind === 'wrong-state-order' || known.processingPolls > 0;
    if (task.outcome === undefined || isHeldBack) {
      known.processingPolls -= 1;
      return { status: 200, json: { ...body, task_status: 'PROCESSING' } };
    }
    if (!task.outcome.ok) return { status: 200, json: { ...body, task_status: 'FAIL' } };
    const { url } = task.outcome.value;
    return { status: 200, json: { ...body, task_status: 'SUCCESS', image_result: [{ url }] } };
  }

  async function drawAndPublish(job: Job): Promise<Required<Published>> {
    const { prompt, width, height, hasWatermark } = job.request;
    const picture = await kit.draw({
      prompt,
      seed: kit.seed(),
      width,
      height,
      format: 'png',
      inputs: [],
      watermark: hasWatermark,
    });
    const name = `${job.requestId}${hasWatermark ? '_watermark' : ''}.png`;
    const lag = job.oddities.has('cdn-lag') ? { times: 2 } : options.cdnLag;
    const url = kit.pictures.put({
      bytes: picture.bytes,
      contentType: 'image/png',
      prompt,
      lifetimeMs: linkLifetimeMs,
      extension: 'png',
      query: { ufileattname: name },
      headers: { 'content-disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}"` },
      ...(lag === undefined ? {} : { lag }),
    });
    return { url, picture };
  }

  function charge(job: Job, picture: DrawnPicture, taskId?: string): void {
    const { model, prompt, requestId: ourId } = job.request;
    kit.charge(
      {
        at: kit.now(),
        requestId: job.requestId,
        ...(taskId === undefined ? {} : { taskId }),
        ...(ourId === undefined ? {} : { ourId }),
        model,
        prompt,
        index: 0,
      },
      picture,
    );
  }

  return {
    name: 'zai',
    basePath: '/api/paas/v4',
    credential: { apiKey },
    requestId: () => zaiRequestId(kit.now()),
    maxBodyBytes,
    authorize(exchange) {
      const problem = authProblem(exchange, apiKey, kit.now());
      return problem === undefined ? undefined : errorReply(exchange, problem);
    },
    unknownRoute: (exchange) => errorReply(exchange, '1222', { about: exchange.path }),
    errors: namedErrors,
    variants,
    routes: [
      {
        method: 'POST',
        path: /^\/api\/paas\/v4\/images\/generations$/,
        on: 'submit',
        prompt: ({ body }) => loosePromptOf(body),
        handle: generate,
      },
      {
        method: 'POST',
        path: /^\/api\/paas\/v4\/async\/images\/generations$/,
        on: 'submit',
        prompt: ({ body }) => loosePromptOf(body),
        handle: submit,
      },
      {
        method: 'GET',
        path: /^\/api\/paas\/v4\/async-result\/([^/]+)$/,
        on: 'poll',
        prompt: ({ params }) => facts.get(params[0] ?? '')?.job.request.prompt,
        handle: poll,
      },
    ],
    settle: () => tasks.settleDue(),
    reset() {
      tasks.clear();
      facts.clear();
      usedRequestIds.clear();
    },
  };
}

function variantOf(fault: InjectedFault | undefined): string | undefined {
  if (fault?.kind === 'variant') return fault.name;
  if (fault?.kind === 'moderation' && fault.stage === 'output') return 'output-blocked';
  // One image a call: the only image of a partial failure is blocked, unless the fault names an error.
  if (fault?.kind === 'partial' && fault.indexes.includes(0) && fault.error === undefined)
    return 'output-blocked';
  return undefined;
}

function partialError(fault: InjectedFault | undefined): NamedError | undefined {
  return fault?.kind === 'partial' && fault.indexes.includes(0)
    ? (fault.error as NamedError | undefined)
    : undefined;
}

/** Section 4. `created` is when the call was accepted; there is no usage. */
function syncBody(job: Job, url: string): unknown {
  const data = job.oddities.has('data-object') ? { url } : [{ url }];
  if (job.oddities.has('bare-reply')) return { data };
  return {
    created: Math.floor(job.at / 1000),
    data,
    ...(job.oddities.has('no-content-filter') ? {} : { content_filter: [{ role: 'assistant', level: 3 }] }),
    id: job.id,
    request_id: job.requestId,
  };
}

/** As captured: the time in UTC+8 to the second, then hex. */
function zaiRequestId(nowMs: number): string {
  const beijing = new Date(nowMs + 8 * 60 * 60 * 1000).toISOString();
  return beijing.slice(0, 19).replaceAll(/\D/g, '') + randomBytes(6).toString('hex');
}

function loosePromptOf(body: unknown): string | undefined {
  const prompt = (body as { prompt?: unknown } | null | undefined)?.prompt;
  return typeof prompt === 'string' ? prompt : undefined;
}

/** A set that forgets its oldest members. */
function recentNames(max: number): { has(name: string): boolean; add(name: string): void; clear(): void } {
  const names = new Set<string>();
  return {
    has: (name) => names.has(name),
    add(name) {
      names.add(name);
      for (const oldest of names) {
        if (names.size <= max) break;
        names.delete(oldest);
      }
    },
    clear: () => names.clear(),
  };
}
