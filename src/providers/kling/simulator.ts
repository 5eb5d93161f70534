import {
  startSimulator,
  type Exchange,
  type Reply,
  type Simulator,
  type SimulatorOptions,
} from '../../sandbox/kit.ts';
import { checkAuthorization, klingCredential } from './simulator-auth.ts';
import { errorReply, invalidValue, klingErrors, Refusal, type KlingErrorName } from './simulator-errors.ts';
import { readJob } from './simulator-request.ts';
import { klingVariants, readScript } from './simulator-scripts.ts';
import { createKlingTasks, type KlingTasks } from './simulator-tasks.ts';

/** Units of the account's pack; it never runs dry, so that a sandbox does not end after some weeks. */
const packUnits = 100_000;

/**
 * Kling's image tasks on loopback, written from upstream-kling.md: create, query by either id, list and balance. States follow the
 * clock: a task is done `delayMs` after its create (300 unless told; about 41,000 at the vendor). `capacity` is the slots of a model
 * (20 unless told); an image takes one. What a prompt can set off: `klingTriggers`. A `partial` fault makes addresses that have
 * expired: a task has no other way to fail in part.
 */
export function startKlingSimulator(options: SimulatorOptions): Promise<Simulator> {
  return startSimulator(options, (kit) => {
    const tasks = createKlingTasks(kit, {
      delayMs: options.delayMs ?? 300,
      slots: options.capacity ?? 20,
    });
    const errors = Object.keys(klingErrors).map(
      (name) => [name, ({ requestId }: Exchange) => errorReply(name as KlingErrorName, requestId)] as const,
    );
    return {
      name: 'kling',
      basePath: '',
      credential: { ...klingCredential },
      variants: Object.keys(klingVariants),
      errors: {
        ...Object.fromEntries(errors),
        internal: ({ requestId }) => errorReply('internal', requestId),
      },
      // The body of an unknown path is not documented; GET /v1/models was seen to be a 404.
      unknownRoute: ({ requestId }) => errorReply('not-found', requestId),
      authorize: (exchange) =>
        refusing(exchange, async () => {
          await checkAuthorization(exchange.headers.authorization, exchange.at);
          return undefined;
        }),
      settle: () => tasks.settle(),
      reset: () => tasks.clear(),
      routes: [
        {
          method: 'POST',
          path: /^\/v1\/images\/omni-image$/,
          on: 'submit',
          prompt: ({ body }) => {
            const prompt = (body as { prompt?: unknown } | null | undefined)?.prompt;
            return typeof prompt === 'string' ? prompt : undefined;
          },
          handle: (exchange) => refusing(exchange, () => create(tasks, exchange)),
        },
        {
          method: 'GET',
          path: /^\/v1\/images\/omni-image\/([^/]+)$/,
          on: 'poll',
          prompt: ({ params: [id = ''] }) => tasks.find(id)?.job.prompt,
          handle: (exchange) => refusing(exchange, () => query(tasks, exchange)),
        },
        {
          method: 'GET',
          path: /^\/v1\/images\/omni-image$/,
          on: 'other',
          handle: (exchange) => refusing(exchange, () => list(tasks, exchange)),
        },
        {
          method: 'GET',
          path: /^\/account\/costs$/,
          on: 'other',
          handle: (exchange) => refusing(exchange, () => costs(tasks.unitsSpent(), exchange)),
        },
      ],
    };
  });
}

async function refusing<Answer>(
  { requestId }: Exchange,
  work: () => Promise<Answer> | Answer,
): Promise<Answer | Reply> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof Refusal) return errorReply(cause.error, requestId, cause.message);
    throw cause;
  }
}

function success({ requestId }: Exchange, data: unknown): Reply {
  return { status: 200, json: { code: 0, message: 'SUCCEED', request_id: requestId, data } };
}

function create(tasks: KlingTasks, exchange: Exchange): Reply {
  if (exchange.bodyProblem !== undefined) throw new Refusal('bad-request');
  const job = readJob(exchange.body);
  const script = readScript(job.prompt, exchange.fault);
  if (script.variants.has('code-on-200'))
    return { ...errorReply('concurrency', exchange.requestId), status: 200 };
  return success(exchange, tasks.create(job, script, exchange.requestId));
}

async function query(tasks: KlingTasks, exchange: Exchange): Promise<Reply> {
  const [id = ''] = exchange.params;
  const task = tasks.find(id);
  if (task === undefined) throw new Refusal('task-not-found', `Task not found by id/external id: ${id}`);
  return success(exchange, await tasks.show(task, exchange.fault));
}

async function list(tasks: KlingTasks, exchange: Exchange): Promise<Reply> {
  const page = wholeNumber(exchange, 'pageNum', 1, 1000);
  const size = wholeNumber(exchange, 'pageSize', 30, 500);
  return success(exchange, await tasks.page(page, size));
}

function wholeNumber({ query: parameters }: Exchange, name: string, usual: number, max: number): number {
  const value = parameters.get(name) ?? String(usual);
  const number = /^\d{1,6}$/.test(value) ? Number(value) : 0;
  if (number < 1 || number > max) throw invalidValue(name, value);
  return number;
}

/** Resource packs of the account. The members are the vendor's; only the quantities mean something here. */
function costs(unitsSpent: number, exchange: Exchange): Reply {
  const { query: parameters, at } = exchange;
  for (const name of ['start_time', 'end_time'])
    if (!/^\d{13}$/.test(parameters.get(name) ?? '')) throw invalidValue(name, parameters.get(name) ?? '');
  const pack = {
    resource_pack_name: 'Sandbox image pack',
    resource_pack_id: '900000000000000001',
    resource_pack_type: 'decreasing_total',
    total_quantity: packUnits,
    remaining_quantity: Math.max(1, packUnits - unitsSpent),
    purchase_time: 1_790_000_000_000,
    effective_time: 1_790_000_000_000,
    invalid_time: at + 365 * 24 * 60 * 60 * 1000,
    status: 'online',
  };
  const wanted = parameters.get('resource_pack_name') ?? pack.resource_pack_name;
  const packs = wanted === pack.resource_pack_name ? [pack] : [];
  return success(exchange, { code: 0, msg: 'success', resource_pack_subscribe_infos: packs });
}
