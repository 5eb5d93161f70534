// The load generator, in a process of its own. It reads replies as raw chunks, holds none of them, and compares every
// byte with the picture that must be there: a comparison costs a tenth of a hash, and is stricter.
import { Pool } from 'undici';
import { readStartSettings, sayReady } from './child-channel.ts';
import type { Expected, LoadJob, LoadResult } from './load-job.ts';
import { makePictureReader, variantOf } from './pictures.ts';

export interface LoadSettings {
  /** Of the pictures. */
  folder: string;
}

/** A reply that takes longer is a failure. */
const replyLimitMs = 120_000;
const maxTextBytes = 1_000_000;
const maxFailureTexts = 5;

const readPicture = makePictureReader((readStartSettings() as LoadSettings).folder);
const base64Texts = new Map<string, Buffer>();

process.on('message', (job: LoadJob) => {
  play(job).then(
    (result) => process.send?.({ kind: 'answer', result }),
    (error: unknown) => process.send?.({ kind: 'answer', error: String(error) }),
  );
});
sayReady(0);

async function play(job: LoadJob): Promise<LoadResult> {
  const pool = new Pool(job.origin, {
    connections: job.connections,
    pipelining: 1,
    headersTimeout: replyLimitMs,
    bodyTimeout: replyLimitMs,
  });
  const result: LoadResult = {
    latenciesMs: [],
    elapsedMs: 0,
    receivedBytes: 0,
    failures: 0,
    failureTexts: [],
    replies: [],
  };
  let sent = 0;
  const startedAt = performance.now();
  const client = async (): Promise<void> => {
    while (sent < job.maxRequests && performance.now() - startedAt < job.maxMs) {
      const number = job.firstNumber + sent;
      sent += 1;
      await exchange(pool, job, number, result);
    }
  };
  await Promise.all(Array.from({ length: Math.min(job.connections, job.maxRequests) }, client));
  result.elapsedMs = performance.now() - startedAt;
  await pool.destroy();
  return result;
}

function exchange(pool: Pool, job: LoadJob, number: number, result: LoadResult): Promise<void> {
  const check = makeCheck(job.expected, number);
  const body = job.body?.replace('#N', `#${number}`) ?? null;
  return new Promise((resolve) => {
    const startedAt = performance.now();
    let status = 0;
    const fail = (text: string): void => {
      result.failures += 1;
      if (result.failureTexts.length < maxFailureTexts) result.failureTexts.push(text.slice(0, 500));
      resolve();
    };
    pool.dispatch(
      { method: job.method, path: job.path, headers: job.headers, body },
      {
        // Wanted by undici, of no use here.
        onRequestStart() {},
        onResponseStart(_controller, statusCode) {
          status = statusCode;
        },
        onResponseData(_controller, chunk) {
          result.receivedBytes += chunk.length;
          check.take(chunk);
        },
        onResponseEnd() {
          const problem = check.problem();
          if (status !== 200) return fail(`status ${status}: ${check.text().slice(0, 300)}`);
          if (problem !== undefined) return fail(problem);
          result.latenciesMs.push(performance.now() - startedAt);
          if (result.replies.length < (job.keepReplies ?? 0)) {
            result.replies.push({ number, text: check.text() });
          }
          resolve();
        },
        onResponseError(_controller, error) {
          fail(String(error));
        },
      },
    );
  });
}

interface Check {
  take(chunk: Buffer): void;
  /** When the reply has ended: what is wrong with it. */
  problem(): string | undefined;
  /** Of the reply, as far as it is text. */
  text(): string;
}

function makeCheck(expected: Expected, number: number): Check {
  if (expected.kind === 'text') return checkText(expected.holds);
  if (expected.kind === 'file') return checkFile(readPicture(expected.pictureBytes, expected.variant));
  return checkBase64(Buffer.from(expected.mark), base64Of(expected.pictureBytes, variantOf(number)));
}

function base64Of(bytes: number, variant: number): Buffer {
  const name = `${bytes}-${variant}`;
  const text = base64Texts.get(name) ?? Buffer.from(readPicture(bytes, variant).toString('base64'), 'latin1');
  base64Texts.set(name, text);
  return text;
}

function checkText(holds: readonly string[]): Check {
  let text = '';
  return {
    take(chunk) {
      if (text.length < maxTextBytes) text += chunk.toString('latin1');
    },
    problem: () => {
      const missing = holds.find((each) => !text.includes(each));
      return missing === undefined ? undefined : `no ${missing} in ${text.slice(0, 300)}`;
    },
    text: () => text,
  };
}

function checkFile(file: Buffer): Check {
  let at = 0;
  let isSame = true;
  let head = '';
  return {
    take(chunk) {
      if (at === 0) head = chunk.toString('latin1', 0, 300);
      isSame &&= isPieceAt(file, at, chunk);
      at += chunk.length;
    },
    problem: () =>
      isSame && at === file.length ? undefined : `${at} bytes that are not the picture's ${file.length}`,
    text: () => head,
  };
}

/** The text up to the mark, the base64, then the rest: only the first and the last are kept. */
function checkBase64(mark: Buffer, base64: Buffer): Check {
  let head: Buffer = Buffer.alloc(0);
  let rest = '';
  /** Of the base64; -1: its mark has not come yet. */
  let at = -1;
  let isSame = true;
  const takeBase64 = (chunk: Buffer): void => {
    const part = chunk.subarray(0, Math.max(0, base64.length - at));
    isSame &&= isPieceAt(base64, at, part);
    at += part.length;
    if (part.length < chunk.length && rest.length < maxTextBytes)
      rest += chunk.toString('latin1', part.length);
  };
  return {
    take(chunk) {
      if (at >= 0) return takeBase64(chunk);
      head = Buffer.concat([head, chunk]);
      const found = head.indexOf(mark);
      if (found < 0) return;
      at = 0;
      takeBase64(head.subarray(found + mark.length));
      head = head.subarray(0, found);
    },
    problem() {
      if (at < 0) return `no ${mark.toString()} in ${head.toString('latin1', 0, 300)}`;
      if (!isSame || at < base64.length) return `the base64 is not the picture's, at ${at}`;
      return rest.startsWith('"') && rest.trimEnd().endsWith('}') ? undefined : `behind the base64: ${rest}`;
    },
    text: () => (at < 0 ? head : Buffer.alloc(0)).toString('latin1'),
  };
}

function isPieceAt(whole: Buffer, at: number, piece: Buffer): boolean {
  return (
    at + piece.length <= whole.length && whole.compare(piece, 0, piece.length, at, at + piece.length) === 0
  );
}
