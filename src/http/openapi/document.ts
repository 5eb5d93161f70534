import type { Model } from '../../core/catalog.ts';
import type { ErrorReason } from '../../core/errors.ts';
import manifest from '../../../package.json' with { type: 'json' };
import { errorReply } from '../v1/wire-schemas.ts';
import { errorHeaders, errorSamples, errorsOf } from './errors.ts';
import { headersOfEveryReply, limitHeaders, replyHeaders, type ReplyHeader } from './headers.ts';
import { introduction } from './introduction.ts';
import type {
  Content,
  JsonSchema,
  Operation,
  OperationTable,
  Parameter,
  Reply,
  Webhook,
} from './operation.ts';
import { refersTo, shapeComponents } from './shapes.ts';
import { tags } from './tags.ts';

/** What the API is made of. */
export interface ApiParts {
  operations: OperationTable;
  /** Event name -> message. */
  webhooks: Readonly<Record<string, Webhook>>;
}

/**
 * The API's description as OpenAPI 3.1: the operations as they are registered, with the request bodies that the
 * models' cards allow and the shapes that wire.ts is typed by.
 */
export function makeDocument(
  { operations, webhooks }: ApiParts,
  { models, publicUrl }: { models: readonly Model[]; publicUrl: string | undefined },
): JsonSchema {
  const components: Record<string, JsonSchema> = shapeComponents();
  const paths: Record<string, Record<string, JsonSchema>> = {};
  for (const [route, methods] of Object.entries(operations)) {
    for (const [method, operation] of Object.entries(methods)) {
      const path = (paths[pathOf(route, operation)] ??= {});
      path[method.toLowerCase()] = describe(operation, models, components);
    }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Easel',
      version: manifest.version,
      summary: manifest.description,
      description: introduction(),
      license: { name: 'Apache 2.0', identifier: manifest.license },
    },
    // Without an address of its own: where this was read from.
    servers: [{ url: publicUrl ?? '/' }],
    security: [{ apiKey: [] }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    webhooks: mapValues(webhooks, describeWebhook),
    components: {
      schemas: components,
      examples: exampleObjects(errorSamples()),
      headers: Object.fromEntries(
        Object.entries(replyHeaders).map(([name, { about, schema }]) => [
          name,
          {
            description: about,
            schema,
            ...(headersOfEveryReply.some((every) => every === name) ? { required: true } : {}),
          },
        ]),
      ),
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'A key of this server: `sk-...`.' },
      },
    },
  };
}

/** The router's `/a/:name/*` as OpenAPI's `/a/{name}/{rest}`, the last one by the name of its parameter. */
function pathOf(route: string, operation: Operation): string {
  const named = route.replace(/:(\w+)/g, '{$1}');
  const rest = operation.parameters?.findLast((parameter) => parameter.in === 'path');
  return named.replace(/\*$/, `{${rest?.name ?? 'rest'}}`);
}

function describe(
  operation: Operation,
  models: readonly Model[],
  components: Record<string, JsonSchema>,
): JsonSchema {
  const { id, tag, summary, about, access, parameters = [], body } = operation;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(about === undefined ? {} : { description: typeof about === 'string' ? about : about(models) }),
    ...(access === 'key' ? {} : { security: [] }),
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(describeParameter) }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: mapValues(body, contentOf) } }),
    responses: responsesOf(operation),
  };

  function contentOf(source: NonNullable<Operation['body']>[string]): JsonSchema {
    const { schema, components: own, examples } = source(models);
    Object.assign(components, own);
    return { schema, examples: exampleObjects(examples) };
  }
}

function describeParameter({ in: place, name, about, schema, required }: Parameter): JsonSchema {
  return { in: place, name, description: about, required: required ?? place === 'path', schema };
}

function responsesOf(operation: Operation): Record<string, JsonSchema> {
  const limits = limitHeaders(operation);
  const replies = Object.entries(operation.replies).map(([status, reply]) => [
    status,
    describeReply(reply, limits),
  ]);
  const errors = [...errorsOf(operation)].map(([status, reasons]) => [
    status,
    // Whoever has no key has no limits to be told of.
    describeError(reasons, [...errorHeaders(status, operation), ...(status === 401 ? [] : limits)]),
  ]);
  return Object.fromEntries([...replies, ...errors]);
}

function describeReply({ about, headers = [], content }: Reply, limits: readonly ReplyHeader[]): JsonSchema {
  return {
    description: about,
    headers: headerRefs([...headers, ...limits]),
    ...(content === undefined ? {} : { content: mapValues(content, describeContent) }),
  };
}

function describeContent(content: Content): JsonSchema {
  const examples = content.examples === undefined ? {} : { examples: exampleObjects(content.examples) };
  if ('shape' in content) return { schema: refersTo(content.shape), ...examples };
  if ('schema' in content) return { schema: content.schema, ...examples };
  // OpenAPI 3.1 has no word for the items of a stream.
  return { schema: { type: 'string' }, 'x-events': mapValues(content.events, refersTo), ...examples };
}

function describeWebhook({ id, tag, summary, about, headers, shape }: Webhook): JsonSchema {
  return {
    post: {
      operationId: id,
      tags: [tag],
      summary,
      description: about,
      security: [],
      parameters: headers.map(describeParameter),
      requestBody: { required: true, content: { 'application/json': { schema: refersTo(shape) } } },
      responses: {
        '2XX': { description: 'Taken. Any other answer is no, and it is sent again; 410 ends it.' },
      },
    },
  };
}

function describeError(reasons: readonly ErrorReason[], headers: readonly ReplyHeader[]): JsonSchema {
  return {
    description: reasons.map((reason) => `\`${reason}\``).join(', '),
    headers: headerRefs(headers),
    content: {
      'application/json': {
        schema: refersTo(errorReply),
        examples: Object.fromEntries(
          reasons.map((reason) => [reason, { $ref: `#/components/examples/${reason}` }]),
        ),
      },
    },
    'x-reasons': reasons,
  };
}

function headerRefs(names: readonly ReplyHeader[]): JsonSchema {
  return Object.fromEntries(
    [...headersOfEveryReply, ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );
}

function exampleObjects(examples: Readonly<Record<string, unknown>>): JsonSchema {
  return mapValues(examples, (value) => ({ value }));
}

function mapValues<In, Out>(
  object: Readonly<Record<string, In>>,
  map: (value: In) => Out,
): Record<string, Out> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));
}
