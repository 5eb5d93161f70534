import type { FastifyInstance } from 'fastify';

const everyMs = 50;

/**
 * A closing server ends the connections that are idle then. One whose last answer is still on its way becomes idle
 * after that, and would be kept for a next request until its client or a timeout of a minute ends it.
 */
export function endIdleConnections(app: FastifyInstance): void {
  let sweep: NodeJS.Timeout | undefined;
  app.addHook('preClose', (done) => {
    sweep = setInterval(() => app.server.closeIdleConnections(), everyMs);
    done();
  });
  app.addHook('onClose', (_app, done) => {
    clearInterval(sweep);
    done();
  });
}
