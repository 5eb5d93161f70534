/** One thing that must be true of the deployment. */
export interface Case {
  /** A sentence about behaviour. */
  name: string;
  /** Throws when it is not so. */
  run(): Promise<void>;
}

/** What could not be tried, and why. */
export interface NotRun {
  name: string;
  why: string;
}

export interface Tally {
  passed: number;
  failed: number;
}

/** Thrown by a case that cannot be tried after all: it counts as neither passed nor failed. */
export class CannotTry extends Error {}

/** Runs cases, so many at a time, and prints every failure as it comes. */
export async function runCases(
  cases: readonly Case[],
  atOnce: number,
  notRun: NotRun[],
  print: (line: string) => void,
): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0 };
  const waiting = [...cases];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        await next.run();
        tally.passed += 1;
      } catch (error) {
        if (error instanceof CannotTry) notRun.push({ name: next.name, why: error.message });
        else {
          tally.failed += 1;
          print(`FAILED  ${next.name}`);
          const message = error instanceof Error ? error.message : String(error);
          print(message.slice(0, 800).replaceAll(/^/gm, '        '));
        }
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return tally;
}
