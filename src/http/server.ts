import { METHODS } from 'node:http';
import fastify, {
  LogController,
  type FastifyContextConfig,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type HTTPMethods,
  type RouteHandlerMethod,
} from 'fastify';
import { asGatewayError, GatewayError, toPublicError } from '../core/errors.ts';
import type { ApiKey } from '../core/key-store.ts';
import { isStorageFault } from '../generation/patience.ts';
import type { AuditActor } from '../core/audit.ts';
import { authorizeAdmin, isAdminRoute } from './admin/authorize.ts';
import { adminRoutes } from './admin/routes.ts';
import { keyOfCaller, type OpenSession } from './admin/sessions.ts';
import { consoleRoutes } from './console/routes.ts';
import { countRequest, isCreate, sayImages } from './rate-headers.ts';
import { endIdleConnections } from './end-idle-connections.ts';
import { isForm } from './form.ts';
import type { HttpTools } from './tools.ts';
import { answerUnreadable } from './unreadable.ts';
import { docsOperations, docsRoutes } from './docs/routes.ts';
import { openApiOperations, openApiRoutes } from './openapi/routes.ts';
import type { OperationTable, RoutesOf } from './openapi/operation.ts';
import { assetOperations } from './v1/assets-operations.ts';
import { assetRoutes } from './v1/assets.ts';
import { contentRoutes } from './v1/content.ts';
import { fileOperations } from './v1/files-operations.ts';
import { fileRoutes } from './v1/files.ts';
import { generationOperations } from './v1/images-generations-operations.ts';
import { generationRoutes } from './v1/images-generations.ts';
import { contentOperations, imageOperations } from './v1/images-operations.ts';
import { editOperations } from './v1/images-edits-operations.ts';
import { editRoutes } from './v1/images-edits.ts';
import { imageRoutes } from './v1/images.ts';
import { modelOperations } from './v1/models-operations.ts';
import { modelRoutes } from './v1/models.ts';
import { webhooks } from './v1/webhooks.ts';
import { usageOperations } from './v1/usage-operations.ts';
import { usageRoutes } from './v1/usage.ts';
import { nativeBodyRequired, saysNative } from './v1/native-switch.ts';
import { healthOperations } from './health-operations.ts';
import { healthRoutes } from './health.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes multipart forms. */
    takesForm?: true;
  }
  interface FastifyRequest {
    /** The key of an authenticated request; set for everything under /v1 but /v1/files/. */
    apiKey: ApiKey | undefined;
    /** The session a request to the admin API belongs to, where it comes with one. */
    openSession: OpenSession | undefined;
    /** Who makes a request to the admin API that is for admins. */
    adminActor: AuditActor | undefined;
  }
}

/** A group of routes: path -> method -> handler. HEAD comes with GET. */
export type RouteTable = Readonly<Record<string, Partial<Record<HTTPMethods, RouteHandlerMethod>>>>;

/** Reading a whole request may take this long, so that a stalled one does not hold its connection for ever. */
const requestTimeoutMs = 300_000;

/** Bodies of the admin API, of which some are read before anybody has signed in. */
const maxAdminBytes = 64 * 1024;

/**
 * Our routes check and write their bodies themselves. Fastify would load its compilers of schemas for nothing, 2 MB of
 * an idle process.
 */
const withoutSchemas = { compilersFactory: { buildValidator: noSchema, buildSerializer: noSchema } };

function noSchema(): never {
  throw new Error('a route has a schema, and nothing here compiles schemas');
}

/** The whole HTTP side, not yet listening. */
export function makeServer(tools: HttpTools): FastifyInstance {
  const app = fastify({
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: tools.settings.trustProxy,
    genReqId: () => tools.ids('req'),
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    bodyLimit: tools.settings.maxJsonBytes,
    requestTimeout: requestTimeoutMs,
    // Checked below, where the answer has our form.
    http: { requireHostHeader: false },
    schemaController: withoutSchemas,
    rewriteUrl: ({ url = '/' }) => withoutOrigin(url),
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 200 },
    frameworkErrors: (error, request, reply) => sendError(badAddress(error), request, reply, tools),
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket, tools.ids('req')),
  });
  takeEveryMethod(app);
  // Expectations that nobody has defined are ignored; Node would answer 417 without a body.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  app.decorateRequest('apiKey', undefined);
  app.decorateRequest('openSession', undefined);
  app.decorateRequest('adminActor', undefined);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  );
  // Read by the route itself, straight to the disk.
  app.addContentTypeParser('multipart/form-data', (request, _payload, done) =>
    done(request.routeOptions.config.takesForm === true ? null : wrongType()),
  );

  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    // Fastify tells of no reply whose reader left in the midst of it.
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) logReply(request, reply, tools, { left: true });
    });
    checkHost(request);
    if (isAdminRoute(request)) return await authorizeAdmin(request, reply, tools);
    if (!needsKey(request)) return;
    const key = await keyOfCaller(request, tools);
    request.apiKey = key;
    const limit = key.limits.requestsPerMinute;
    if (limit !== undefined) await countRequest(key, limit, reply, tools);
  });
  // A length that is announced counts before the type of the body (public-api.md section 3).
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    const { bodyLimit, config } = request.routeOptions;
    const { forms } = tools.settings;
    const maxBytes = config.takesForm === true && isForm(request) ? forms.maxBytes : bodyLimit;
    const isTooLarge = maxBytes !== undefined && Number(request.headers['content-length'] ?? 0) > maxBytes;
    done(isTooLarge ? tooLarge(maxBytes) : null);
  });
  app.addHook('onSend', (request, reply, _payload, done) => {
    const limit = request.apiKey?.limits.imagesPerMinute;
    if (request.apiKey !== undefined && limit !== undefined && isCreate(request))
      return sayImages(request.apiKey, limit, reply, tools);
    // Most keys have no such limit, and a promise for each reply would be for nothing.
    done();
    return undefined;
  });
  app.addHook('onResponse', (request, reply, done) => {
    logReply(request, reply, tools);
    tools.meter.requestAnswered({
      route: request.routeOptions.url,
      method: request.method,
      status: reply.statusCode,
      durationMs: reply.elapsedTime,
    });
    done();
  });
  endIdleConnections(app);
  app.setErrorHandler((error: FastifyError | GatewayError, request, reply) => {
    // The client left before the whole answer was sent: no failure of ours, and nobody to tell.
    if ('code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE' && reply.raw.destroyed) return;
    const refusal =
      isAdminRoute(request) && isStorageFault(error)
        ? whileRecordsFail(error, request, tools)
        : fromFramework(error, tools);
    // With native parameters a body of another type has the text of section 6.
    const isNative =
      refusal.reason === 'invalid_content_type' && isCreate(request) && saysNative(request.headers);
    sendError(isNative ? nativeBodyRequired() : refusal, request, reply, tools);
  });
  app.setNotFoundHandler((request, reply) =>
    sendError(
      new GatewayError('not_found', 'There is nothing at this address. The API is under /v1.'),
      request,
      reply,
      tools,
    ),
  );

  const described: Record<string, OperationTable[string]> = {};
  const registerApi = <Table extends OperationTable>(
    operations: Table,
    routes: RoutesOf<Table>,
    config: FastifyContextConfig = {},
  ): void => {
    Object.assign(described, operations);
    register(app, routes, config);
  };
  registerApi(generationOperations, generationRoutes(tools));
  registerApi(editOperations, editRoutes(tools), { takesForm: true });
  registerApi(assetOperations, assetRoutes(tools), { takesForm: true });
  registerApi(imageOperations, imageRoutes(tools));
  registerApi(contentOperations, contentRoutes(tools));
  registerApi(fileOperations, fileRoutes(tools));
  registerApi(modelOperations, modelRoutes(tools));
  registerApi(usageOperations, usageRoutes(tools));
  registerApi(healthOperations, healthRoutes(tools));
  registerApi(openApiOperations, openApiRoutes({ operations: described, webhooks }, tools));
  const docs = docsRoutes();
  registerApi(docsOperations, docs.page);
  register(app, docs.files);
  register(app, adminRoutes(tools), {}, maxAdminBytes);
  register(app, consoleRoutes(tools.console, tools.settings));
  refuseVariations(app);
  return app;
}

/** OpenAI's third image address went with its only model (openai-images.md section 1). Unsaid it would be the id of an image. */
function refuseVariations(app: FastifyInstance): void {
  app.route({
    method: app.supportedMethods.filter((method) => method !== 'CONNECT'),
    url: '/v1/images/variations',
    handler: () => undefined,
    // Before the body, which is a form.
    onRequest: (_request, _reply, done) =>
      done(
        new GatewayError(
          'not_found',
          'There are no variations here. Send the image to POST /v1/images/edits and say what is to change.',
        ),
      ),
    exposeHeadRoute: false,
  });
}

/** Registers routes by name; every other method on a known path is 405 with Allow. */
function register(
  app: FastifyInstance,
  table: RouteTable,
  config: FastifyContextConfig = {},
  bodyLimit?: number,
): void {
  const all = app.supportedMethods.filter((method) => method !== 'CONNECT');
  for (const [url, handlers] of Object.entries(table)) {
    const methods = all.filter(
      (method) => handlers[method] !== undefined || (method === 'HEAD' && handlers['GET'] !== undefined),
    );
    for (const method of methods) {
      const handler = handlers[method] ?? handlers['GET'];
      if (handler !== undefined)
        app.route({
          method,
          url,
          handler,
          config,
          exposeHeadRoute: false,
          ...(bodyLimit === undefined ? {} : { bodyLimit }),
        });
    }
    app.route({
      method: all.filter((method) => !methods.includes(method)),
      url,
      handler: () => undefined,
      // Before the body, which is not read: the method is refused whatever it holds.
      onRequest: (_request, reply, done) => {
        reply.header('allow', methods.join(', '));
        done(new GatewayError('method_not_allowed', `This address takes ${methods.join(', ')}.`));
      },
      exposeHeadRoute: false,
    });
  }
}

/** Every method an HTTP request may name, so that a known path answers the wrong ones with 405. A body of a DELETE means nothing. */
function takeEveryMethod(app: FastifyInstance): void {
  for (const method of METHODS) {
    if (method === 'DELETE') app.addHttpMethod(method, { hasBody: false, overrideExisting: true });
    else if (!app.supportedMethods.includes(method)) app.addHttpMethod(method, { hasBody: false });
  }
}

/** A request target may be a whole URL (RFC 9112 section 3.2.2); what counts is its path and query. */
function withoutOrigin(target: string): string {
  const rest = target.replace(/^https?:\/\/[^/?#]*/i, '');
  return rest.startsWith('/') || rest === '*' ? rest : `/${rest}`;
}

/** Exactly one Host from HTTP/1.1 on (RFC 9112 section 3.2): links are built on it. */
function checkHost({ raw }: FastifyRequest): void {
  let hosts = 0;
  for (let i = 0; i < raw.rawHeaders.length; i += 2)
    if (raw.rawHeaders[i]?.toLowerCase() === 'host') hosts += 1;
  if (hosts === 1 || (hosts === 0 && raw.httpVersion === '1.0')) return;
  throw new GatewayError('invalid_value', 'The request must have exactly one Host header.');
}

/** Decided by the route that was found, not by the address: an address can be written in several ways. */
function needsKey(request: FastifyRequest): boolean {
  const path = request.routeOptions.url ?? request.url.split('?', 1)[0] ?? '';
  return (path === '/v1' || path.startsWith('/v1/')) && !path.startsWith('/v1/files/');
}

/** The only place that writes an error's status. */
function sendError(
  error: GatewayError,
  request: FastifyRequest,
  reply: FastifyReply,
  tools: HttpTools,
): void {
  if (error.status >= 500 && error.reason === 'internal') {
    tools.log.error(
      { requestId: request.id, details: error.details, error: error.cause },
      'A request failed for a reason of our own.',
    );
  }
  if (error.reason === 'invalid_api_key') reply.header('www-authenticate', 'Bearer');
  if (error.shouldRetry !== undefined) reply.header('x-should-retry', String(error.shouldRetry));
  const waitMs = error.retryAfterMs ?? (error.status === 503 || error.status === 429 ? 1000 : undefined);
  if (waitMs !== undefined && error.shouldRetry !== false) {
    const bounded = Math.min(60_000, Math.max(1, Math.ceil(waitMs)));
    reply.header('retry-after', String(Math.ceil(bounded / 1000))).header('retry-after-ms', String(bounded));
  }
  if (!reply.hasHeader('x-request-id')) reply.header('x-request-id', request.id);
  void reply
    .removeHeader('content-length')
    .status(error.status)
    .type('application/json; charset=utf-8')
    .send({ error: toPublicError(error) });
}

/** Fastify's own refusals as rows of our table. */
function fromFramework(error: FastifyError | GatewayError, tools: HttpTools): GatewayError {
  if (error instanceof GatewayError) return error;
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return tooLarge(tools.settings.maxJsonBytes, error);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return wrongType(error);
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new GatewayError('invalid_json', 'The body does not have the length its header gives.', {
        cause: error,
      });
    default:
      // A caller who hung up while sending.
      if (error.code === 'ECONNRESET' || error.message === 'aborted')
        return new GatewayError('invalid_json', 'The body ended early.', { cause: error });
      return asGatewayError(error);
  }
}

/** An operator is told more than a caller: what to look at. */
function whileRecordsFail(cause: Error, { id }: FastifyRequest, { log }: HttpTools): GatewayError {
  log.error({ requestId: id, error: cause }, 'The records cannot be read or written.');
  return new GatewayError(
    'storage_unavailable',
    'This server cannot read or write its records now. Look at its disk and its log, then try again.',
    { cause },
  );
}

function wrongType(cause?: unknown): GatewayError {
  const message = "Send the body as JSON, with 'Content-Type: application/json'.";
  return new GatewayError('invalid_content_type', message, { cause });
}

function tooLarge(maxBytes: number, cause?: unknown): GatewayError {
  return new GatewayError(
    'body_too_large',
    `The body is larger than ${maxBytes} bytes. Send large input images as https URLs.`,
    { cause },
  );
}

function badAddress(cause: unknown): GatewayError {
  return new GatewayError('not_found', 'There is nothing at this address. The API is under /v1.', { cause });
}

/** One line a reply: the route's pattern, never the address itself, which may hold a signature. */
function logReply(
  request: FastifyRequest,
  reply: FastifyReply,
  tools: HttpTools,
  /** Said where the caller left before the whole reply was sent. */
  end: { left?: true } = {},
): void {
  const clientId = request.headers['x-client-request-id'];
  const retryCount = request.headers['x-stainless-retry-count'];
  tools.log.info(
    {
      requestId: request.id,
      method: request.method,
      route: request.routeOptions.url ?? '(none)',
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      key: request.apiKey?.name,
      image: reply.getHeader('x-image-id'),
      ...(typeof clientId === 'string' && /^[\x20-\x7e]{1,128}$/.test(clientId)
        ? { clientRequestId: clientId }
        : {}),
      ...(typeof retryCount === 'string' && /^\d{1,3}$/.test(retryCount)
        ? { retryCount: Number(retryCount) }
        : {}),
      ...end,
    },
    end.left ? 'A caller left before the whole answer was sent.' : 'A request was answered.',
  );
}
