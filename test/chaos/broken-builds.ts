import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** One change that breaks a promise. */
interface Breakage {
  /** What is wrong with the build, for people. */
  says: string;
  file: string;
  /** Must stand in the file exactly once, so that a build that is not broken cannot pass for one that is. */
  from: string;
  to: string;
}

/** Builds that must make a run fail: what cannot find these finds nothing. */
export const breakages = {
  'ticket-not-saved': {
    says: 'the ticket is not durable before the first poll: a restart cannot come back to the work',
    file: 'src/generation/attempt.ts',
    from: `    // Durable before the first poll, so that a restart collects the work.
    await attempt.save({ state: 'waiting', ticket });
`,
    to: '',
  },
  'links-not-saved': {
    says: 'the links of an answer are not durable before they are fetched',
    file: 'src/generation/keep-call.ts',
    from: `  if (links.length > 0) {
`,
    to: `  if (links.length > 99) {
`,
  },
  'resend-after-cut': {
    says: 'a call whose connection was cut is sent again, as if it had surely been free',
    file: 'src/core/fault.ts',
    from: `    reason: 'outcome_unknown',
    free: false,
    resend: 'never',
`,
    to: `    reason: 'outcome_unknown',
    free: false,
    resend: 'here',
`,
  },
  'key-forgotten': {
    says: 'an Idempotency-Key may be used again after an unknown outcome',
    file: 'src/core/idempotency.ts',
    from: `error === undefined || errorTable[error.reason].status === 424;`,
    to: `error === undefined;`,
  },
} as const satisfies Record<string, Breakage>;
export type BreakageName = keyof typeof breakages;
export const breakageNames = Object.keys(breakages) as BreakageName[];

/** Copies the program's sources to a folder and breaks them there. Throws when the change does not fit. */
export async function makeBrokenBuild(name: BreakageName, program: string, folder: string): Promise<string> {
  const { file, from, to } = breakages[name];
  const copy = path.join(folder, 'broken');
  await mkdir(copy, { recursive: true });
  await cp(path.join(program, 'src'), path.join(copy, 'src'), { recursive: true });
  await cp(path.join(program, 'package.json'), path.join(copy, 'package.json'));
  await symlink(path.join(program, 'node_modules'), path.join(copy, 'node_modules'));
  const target = path.join(copy, file);
  const text = await readFile(target, 'utf8');
  const places = text.split(from).length - 1;
  if (places !== 1)
    throw new Error(`'${name}' no longer fits ${file}: its text stands there ${places} times`);
  await writeFile(
    target,
    text.replace(from, () => to),
  );
  return copy;
}
