import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

const everyMs = 50;

/** What is on its way when the stop begins may still arrive, and is answered that the server stops. */
const graceMs = 500;

/**
 * A closing server ends the connections that are idle then. One whose last answer is still on its way becomes idle
 * after that, and would be kept for a next request until its client or a timeout of a minute ends it. One that has
 * not brought a byte yet counts as busy for Node: clients open some ahead of need. So does one whose request is
 * sent in part: nothing has begun for it, and it does not hold up a stop for longer than a moment.
 */
export function endIdleConnections(app: FastifyInstance): void {
  const sockets = new Map<Socket, Set<Exchange>>();
  let sweep: NodeJS.Timeout | undefined;
  app.server.on('connection', (socket: Socket) => {
    sockets.set(socket, new Set());
    socket.once('close', () => sockets.delete(socket));
  });
  app.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const exchanges = sockets.get(request.socket);
    const exchange = { request, response };
    exchanges?.add(exchange);
    response.once('close', () => exchanges?.delete(exchange));
  });
  app.addHook('preClose', (done) => {
    let leftMs = graceMs;
    sweep = setInterval(() => {
      app.server.closeIdleConnections();
      leftMs -= everyMs;
      for (const [socket, exchanges] of sockets)
        if (socket.bytesRead === 0 || (leftMs <= 0 && [...exchanges].every(isArriving))) socket.destroy();
    }, everyMs);
    done();
  });
  app.addHook('onClose', (_app, done) => {
    clearInterval(sweep);
    done();
  });
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

/** The body is not here yet, and nothing was answered. A head in part is no exchange at all. */
function isArriving({ request, response }: Exchange): boolean {
  return !request.complete && !response.headersSent;
}
