import { withStores, type InstalledStores } from '../compose-stores.ts';
import { dataProblem } from './data-problem.ts';
import { readConfig } from './start.ts';

/**
 * Does a command's work on the stores that the settings name. What is in the way is said in a line, with exit
 * code 1: no data yet, a database that cannot be opened, a folder that cannot be read.
 */
export async function withData(
  work: (stores: InstalledStores, dataDir: string) => Promise<void>,
): Promise<void> {
  const config = readConfig();
  if (config === undefined) return;
  const { dataDir } = config;
  try {
    const done = await withStores(config, (stores) => work(stores, dataDir));
    if (done === 'no_data')
      fail(`There is no Easel data in ${dataDir} yet. Run npm start once, or set EASEL_DATA_DIR.`);
  } catch (error) {
    const problem = dataProblem(error, dataDir);
    if (problem === undefined) throw error;
    fail(problem);
  }
}

export function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
