import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('chaos.ts', import.meta.url));
const limitMs = 280_000;

/** `npm run chaos -- <args>` as a person runs it. */
export async function playChaos(args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    timeout: limitMs,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/** A number of the table, by the name of its row. */
export function numberOf(output: string, row: string): number {
  const line = output.split('\n').find((each) => each.trim().startsWith(`${row}  `));
  return Number(line?.trim().split(/\s+/).at(-1) ?? Number.NaN);
}
