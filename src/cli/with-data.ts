import { withStores, type InstalledStores } from '../compose-stores.ts';
import { ObjectStoreError } from '../core/object-store.ts';
import { RecordStoreError } from '../core/record-store.ts';
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
    if (!(error instanceof RecordStoreError || error instanceof ObjectStoreError)) throw error;
    fail(`${error.message} (${dataDir}${causeOf(error)})`);
  }
}

export function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}

function causeOf({ cause }: Error): string {
  return cause instanceof Error ? `: ${cause.message}` : '';
}
