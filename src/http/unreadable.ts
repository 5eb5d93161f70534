import type { Socket } from 'node:net';
import { GatewayError, toPublicError } from '../core/errors.ts';

/** How long the other side has to take the answer and leave. */
const lingerMs = 1000;

/** By the codes of Node's HTTP parser; any other is a bad request. */
const problems: Readonly<Record<string, { status: number; phrase: string; message: string }>> = {
  HPE_HEADER_OVERFLOW: {
    status: 431,
    phrase: 'Request Header Fields Too Large',
    message: 'The headers of the request are too large. Leave out what the request does not need.',
  },
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    phrase: 'Request Timeout',
    message: 'The request did not arrive in time. Send it again.',
  },
};

const badRequest = {
  status: 400,
  phrase: 'Bad Request',
  message: 'This is not an HTTP request this server can read.',
};

/** Answers what cannot be read as an HTTP request, on the bare socket, in the form of every other error. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket, requestId: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, phrase, message } = problems[error.code ?? ''] ?? badRequest;
  const facts = toPublicError(new GatewayError('invalid_value', message));
  const body = JSON.stringify({ error: { ...facts, code: String(status) } });
  const head = [
    `HTTP/1.1 ${status} ${phrase}`,
    'Content-Type: application/json; charset=utf-8',
    `X-Request-Id: ${requestId}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.setTimeout(lingerMs, () => socket.destroy());
}
