import { connect } from 'node:net';

/** What came back on a bare connection. */
export interface RawAnswer {
  status: number;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  body: string;
  /** True when the server closed the connection. */
  isClosed: boolean;
}

/**
 * Sends bytes as they stand to a port on loopback, for requests that no HTTP client would make. Resolves when the
 * answer is whole by its Content-Length, or when the server closes; with status 0 when nothing came.
 */
export async function sendRaw(port: number, request: string | Uint8Array): Promise<RawAnswer> {
  const socket = connect(port, '127.0.0.1');
  const { promise, resolve } = Promise.withResolvers<RawAnswer>();
  let received = '';
  socket.setTimeout(10_000, () => socket.destroy());
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    const answer = readAnswer(received, false);
    if (answer !== undefined && answer.headers['connection'] !== 'close') resolve(answer);
  });
  socket.on('close', () => {
    resolve(readAnswer(received, true) ?? { status: 0, headers: {}, body: '', isClosed: true });
  });
  socket.write(request);
  const answer = await promise;
  socket.destroy();
  return answer;
}

function readAnswer(received: string, isClosed: boolean): RawAnswer | undefined {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [first = '', ...lines] = received.slice(0, headEnd).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const body = received.slice(headEnd + 4);
  if (!isClosed && body.length < Number(headers['content-length'] ?? 0)) return undefined;
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1] ?? 0),
    headers,
    body: Buffer.from(body, 'latin1').toString('utf8'),
    isClosed,
  };
}
