import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../src/cli/easel.ts', import.meta.url));

export interface CommandResult {
  code: number;
  out: string;
  error: string;
}

/** Runs `easel <words>` on a data folder, as a person would, in a process of its own. */
export function easelCommand(dataDir: string, ...words: string[]): Promise<CommandResult> {
  return new Promise((resolve) => {
    const env = { ...childEnv(), EASEL_DATA_DIR: dataDir };
    execFile(process.execPath, [program, ...words], { env, timeout: 60_000 }, (failure, out, error) =>
      resolve({ code: failure === null ? 0 : Number(failure.code ?? -1), out, error }),
    );
  });
}

/** What any process of ours needs of this one's environment; with the test runner's compile cache it starts in half the time. */
export function childEnv(): Record<string, string> {
  const { PATH = '', NODE_COMPILE_CACHE } = process.env;
  return { PATH, ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }) };
}
