import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

const everyMs = 50;

/**
 * A closing server ends the connections that are idle then. One whose last answer is still on its way becomes idle
 * after that, and would be kept for a next request until its client or a timeout of a minute ends it. One that has
 * not brought a byte yet counts as busy for Node: clients open some ahead of need.
 */
export function endIdleConnections(app: FastifyInstance): void {
  const sockets = new Set<Socket>();
  let sweep: NodeJS.Timeout | undefined;
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  app.addHook('preClose', (done) => {
    sweep = setInterval(() => {
      app.server.closeIdleConnections();
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    }, everyMs);
    done();
  });
  app.addHook('onClose', (_app, done) => {
    clearInterval(sweep);
    done();
  });
}
