// The upstream of a run, in a process of its own: everything it sends was made before, so that it costs as little as
// an upstream on the same machine can. Understands OpenAI's, Gemini's and Ark's requests, see answers.ts.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeAnswer, readModelName, type AnswerKind, type Shape } from './answers.ts';
import { readStartSettings, sayReady } from './child-channel.ts';
import { makePictureReader, variantOf } from './pictures.ts';

export interface MockUpstreamSettings {
  /** Of the pictures. */
  folder: string;
}

const pieceBytes = 64 * 1024;

const { folder } = readStartSettings() as MockUpstreamSettings;
const readPicture = makePictureReader(folder);
const answers = new Map<string, { kind: AnswerKind; body: Buffer }>();

const server = createServer((request, response) => {
  respond(request, response).catch((error: unknown) => {
    response.writeHead(500, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: String(error) } }));
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, '127.0.0.1', () => sayReady(portOf()));

function portOf(): number {
  return (server.address() as AddressInfo).port;
}

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = request.url ?? '';
  const picture = /^\/pictures\/(\d+)-(\d+)\.png$/.exec(url);
  if (picture !== null) {
    const bytes = readPicture(Number(picture[1]), Number(picture[2]));
    response.writeHead(200, { 'content-type': 'image/png', 'content-length': bytes.length }).end(bytes);
    return;
  }
  const text = await readText(request);
  const { kind, body } = findAnswer(url, text);
  if (kind.latencyMs > 0) await sleep(kind.latencyMs);
  if (!kind.isChunked) {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' });
  for (let from = 0; from < body.length; from += pieceBytes)
    response.write(body.subarray(from, from + pieceBytes));
  response.end();
}

/** The number stands at the end of the prompt, whatever shape the request has. */
function findAnswer(url: string, text: string): { kind: AnswerKind; body: Buffer } {
  const shape: Shape = url.startsWith('/v1beta/') ? 'gemini' : url.startsWith('/api/v3/') ? 'ark' : 'openai';
  const model = shape === 'gemini' ? /models\/([^:]+):/.exec(url)?.[1] : /"model":"([^"]+)"/.exec(text)?.[1];
  const number = Number(/#(\d+)"/.exec(text)?.[1] ?? 0);
  const name = `${shape} ${model} ${variantOf(number)}`;
  const known = answers.get(name);
  if (known !== undefined) return known;
  const kind = readModelName(model ?? '');
  const body = makeAnswer(shape, kind, number, { readPicture, origin: `http://127.0.0.1:${portOf()}` });
  const made = { kind, body };
  answers.set(name, made);
  return made;
}

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
