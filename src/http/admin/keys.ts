import type { FastifyReply, FastifyRequest } from 'fastify';
import { createKey, isBuiltIn, rotateKey } from '../../core/api-keys.ts';
import { GatewayError } from '../../core/errors.ts';
import type { ApiKey, KeyStore } from '../../core/key-store.ts';
import { RecordStoreError } from '../../core/record-store.ts';
import type { RouteTable } from '../server.ts';
import type { HttpTools } from '../tools.ts';
import { noteAct } from './authorize.ts';
import { changedFields, isRenamed, keyChangeBody, newKeyBody, readKeySettings } from './key-body.ts';
import { readBody } from './read-body.ts';
import type { Key, KeyWithSecret, List } from './wire.ts';

/** /admin/keys: who may use this server, and how much. */
export function keyRoutes(tools: HttpTools): RouteTable {
  return {
    '/admin/keys': {
      GET: async (_request, reply) => {
        const keys = await tools.keys.list();
        const list: List<Key> = {
          object: 'list',
          data: await Promise.all(keys.map((key) => keyToWire(key, tools))),
        };
        return await reply.send(list);
      },
      POST: async (request, reply) => await create(request, reply, tools),
    },
    '/admin/keys/:key_id': {
      GET: async (request, reply) => await reply.send(await keyToWire(await findKey(request, tools), tools)),
      PATCH: async (request, reply) => await change(request, reply, tools),
      DELETE: async (request, reply) => {
        const key = await findKey(request, tools);
        refuseBuiltIn(key, 'deleted');
        if (!(await tools.keys.change(key.id, { state: 'deleted' }))) throw noSuchKey();
        await noteAct({ action: 'key.delete', target: key.id, detail: `'${key.name}'` }, request, tools);
        return await reply.status(204).send();
      },
    },
    '/admin/keys/:key_id/rotate': {
      POST: async (request, reply) => {
        const key = await findKey(request, tools);
        refuseBuiltIn(key, 'rotated');
        const secret = await rotateKey(key.id, tools);
        if (secret === undefined) throw noSuchKey();
        await noteAct({ action: 'key.rotate', target: key.id, detail: `'${key.name}'` }, request, tools);
        return await reply.send(await withSecret({ ...key, hint: secret.slice(-4) }, secret, tools));
      },
    },
  };
}

async function create(request: FastifyRequest, reply: FastifyReply, tools: HttpTools): Promise<FastifyReply> {
  const body = readBody(newKeyBody, request.body);
  const nowMs = tools.clock.now();
  const settings = readKeySettings(body, { limits: {} }, { catalog: tools.catalog, nowMs });
  if (isBuiltIn(body)) throw nameTaken();
  const keyTools = { keys: tools.keys, ids: tools.ids, now: () => nowMs };
  const made = await createKey(body.name, keyTools, undefined, settings);
  if (made.kind === 'name_taken') throw nameTaken();
  const { key, secret } = made;
  await noteAct({ action: 'key.create', target: key.id, detail: `'${key.name}'` }, request, tools);
  return await reply.status(201).send(await withSecret(key, secret, tools));
}

async function change(request: FastifyRequest, reply: FastifyReply, tools: HttpTools): Promise<FastifyReply> {
  const body = readBody(keyChangeBody, request.body);
  const key = await findKey(request, tools);
  if (isRenamed(body, key)) {
    refuseBuiltIn(key, 'renamed');
    if (isBuiltIn({ name: body.name ?? '' })) throw nameTaken();
  }
  const change = {
    ...readKeySettings(body, key, { catalog: tools.catalog, nowMs: tools.clock.now() }),
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.state === undefined ? {} : { state: body.state }),
  };
  if (!(await changeKey(key.id, change, tools))) throw noSuchKey();
  const changed = { ...key, ...change };
  const fields = changedFields(body);
  const isTurned = changed.state !== key.state;
  const action = isTurned ? (changed.state === 'frozen' ? 'key.freeze' : 'key.unfreeze') : 'key.change';
  const detail = fields === '' ? `'${changed.name}'` : `'${changed.name}': ${fields}`;
  await noteAct({ action, target: key.id, detail }, request, tools);
  return await reply.send(await keyToWire(changed, tools));
}

/** False: it was deleted meanwhile. Throws GatewayError for a name that another key has. */
async function changeKey(
  id: string,
  change: Parameters<KeyStore['change']>[1],
  { keys }: Pick<HttpTools, 'keys'>,
): Promise<boolean> {
  try {
    return await keys.change(id, change);
  } catch (error) {
    if (error instanceof RecordStoreError && error.kind === 'taken') throw nameTaken(error);
    throw error;
  }
}

async function findKey(request: FastifyRequest, { keys }: Pick<HttpTools, 'keys'>): Promise<ApiKey> {
  const { params } = request;
  const id = typeof params === 'object' && params !== null && 'key_id' in params ? params.key_id : undefined;
  const key = typeof id === 'string' ? await keys.find(id) : undefined;
  // The store finds by name too; an address is made of the id.
  if (key === undefined || key.id !== id) throw noSuchKey();
  return key;
}

/** Throws GatewayError for a key that the server looks after itself. */
function refuseBuiltIn(key: ApiKey, what: string): void {
  if (!isBuiltIn(key)) return;
  throw new GatewayError(
    'invalid_value',
    `The key '${key.name}' is looked after by this server and cannot be ${what}. It can be frozen.`,
  );
}

function noSuchKey(): GatewayError {
  return new GatewayError('not_found', 'There is no such API key.');
}

function nameTaken(cause?: unknown): GatewayError {
  return new GatewayError('invalid_value', 'There is a key of this name already. Choose another one.', {
    param: 'name',
    cause,
  });
}

async function withSecret(key: ApiKey, secret: string, tools: HttpTools): Promise<KeyWithSecret> {
  return { ...(await keyToWire(key, tools)), secret };
}

async function keyToWire(key: ApiKey, { ledger, clock }: HttpTools): Promise<Key> {
  const { limits } = key;
  const used = await ledger.budgetUse(key.id, limits, clock.now());
  return {
    object: 'key',
    id: key.id,
    name: key.name,
    state: key.state === 'frozen' ? 'frozen' : 'active',
    hint: key.hint,
    built_in: isBuiltIn(key),
    created_at: Math.floor(key.createdAtMs / 1000),
    expires_at: key.expiresAtMs === undefined ? null : Math.floor(key.expiresAtMs / 1000),
    models: key.models ?? null,
    parameter_handling: key.parameterHandling ?? null,
    limits: {
      requests_per_minute: limits.requestsPerMinute ?? null,
      images_per_minute: limits.imagesPerMinute ?? null,
      concurrency: limits.concurrency ?? null,
      budget: limits.budget ?? null,
      budget_images: limits.budgetImages ?? null,
      budget_period: limits.budgetPeriod ?? null,
    },
    budget_used: used === undefined ? null : { images: used.images, cost: used.cost ?? null },
  };
}
