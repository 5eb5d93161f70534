import { isAbort, offlineError } from './errors.ts';

/** One event of a `text/event-stream`. */
export interface ServerEvent {
  name: string;
  /** Parsed JSON. */
  data: unknown;
}

/**
 * The events of a reply as they come; comments (heartbeats) are passed over. Throws ApiError when the connection is
 * cut, and an abort as it is.
 */
export async function* readEvents(response: Response): AsyncGenerator<ServerEvent> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) return;
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = readBlock(block);
        if (event !== undefined) yield event;
      }
    }
  } catch (error) {
    if (isAbort(error)) throw error;
    throw offlineError(error);
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function readBlock(block: string): ServerEvent | undefined {
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event:')) name = line.slice(6).trim();
    else if (line.startsWith('data:')) data.push(line.slice(5).trimStart());
  }
  if (data.length === 0) return undefined;
  return { name, data: JSON.parse(data.join('\n')) as unknown };
}
