import { pino, stdSerializers } from 'pino';

/** How long a line waits for others, so that they are written with one call of the system: a busy gateway's most frequent. */
const togetherMs = 10;
const maxWaitingLength = 16 * 1024;

/**
 * The log of a process that serves: a line of JSON each, to the standard output. Warnings and errors are written at
 * once, with all that came before them; of what only informs, a process that is killed loses the last 10 ms.
 */
export function openLog(level: string): pino.Logger {
  const output = pino.destination({ dest: 1, sync: true });
  let lines = '';
  let waiting: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(waiting);
    waiting = undefined;
    const all = lines;
    lines = '';
    if (all !== '') output.write(all);
  };
  process.on('exit', flush);
  const write = (line: string): void => {
    lines += line;
    if (isUrgent(line) || lines.length >= maxWaitingLength) flush();
    else waiting ??= setTimeout(flush, togetherMs).unref();
  };
  return pino({ level, base: null, serializers: { error: stdSerializers.err } }, { write });
}

/** A line begins with its level: 30 informs, from 40 on it warns. */
function isUrgent(line: string): boolean {
  return !/^\{"level":[123]0/.test(line);
}
