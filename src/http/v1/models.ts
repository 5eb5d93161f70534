import { GatewayError } from '../../core/errors.ts';
import type { ApiKey } from '../../core/key-store.ts';
import type { Model } from '../../core/catalog.ts';
import type { RoutesOf } from '../openapi/operation.ts';
import type { HttpTools } from '../tools.ts';
import type { modelOperations } from './models-operations.ts';
import { keyOf } from '../auth.ts';
import { takesNative } from './native-request.ts';
import { modelsToWire, modelToWire } from './wire.ts';

/** GET /v1/models and /v1/models/{model_id}: what this key may use (public-api.md section 11). */
export function modelRoutes(tools: HttpTools): RoutesOf<typeof modelOperations> {
  const facts = {
    isUsable: tools.isUsable,
    takesNative: (model: Model) => takesNative(model, tools.providers),
  };
  return {
    '/v1/models': {
      GET: (request, reply) => {
        const key = keyOf(request);
        const models = tools.catalog.all().filter((model) => mayUse(key, model));
        return reply.send(modelsToWire(models, facts));
      },
    },
    '/v1/models/*': {
      GET: (request, reply) => {
        const name = decodeName(request.params);
        const model = tools.catalog.find(name);
        if (model === undefined || !mayUse(keyOf(request), model)) {
          throw new GatewayError(
            'model_not_found',
            'There is no such model. GET /v1/models lists the models.',
            { param: 'model' },
          );
        }
        return reply.send(modelToWire(model, facts));
      },
    },
  };
}

function mayUse(key: ApiKey, model: Model): boolean {
  return key.models === undefined || key.models.includes(model.card.id);
}

/** Ids may hold slashes, so the rest of the path is the id. */
function decodeName(params: unknown): string {
  const rest = typeof params === 'object' && params !== null && '*' in params ? params['*'] : '';
  return typeof rest === 'string' ? rest : '';
}
