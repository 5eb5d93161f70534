import { open, readdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import { copyDatabase, linkObjects, withStores, type InstalledStores } from '../compose-stores.ts';
import type { GenerationRecord, StoredImage } from '../core/record.ts';
import { makeFolders } from '../core/make-folders.ts';
import { count, makeProgress, size, type Progress } from './progress.ts';
import { fail, withData } from './with-data.ts';

/** `easel backup DIR`: a copy that a gateway can be started on, made while another one runs on the original. */
export function backupCommand(): Command {
  return new Command('backup')
    .description('copy everything into an empty folder, also while the gateway runs')
    .argument('<folder>', 'a folder that is empty or not there yet')
    .option('--copy', 'copy the pictures, even where a second name for the same file would do')
    .action((folder: string, options: { copy?: boolean }) => runBackup(folder, options.copy === true));
}

/** What was put into the copy. */
interface Sum {
  records: number;
  linked: number;
  copied: number;
  bytes: number;
  /** In neither place. */
  missing: number;
  /** Not the bytes that their records speak of; copied as they are. */
  damaged: number;
}

async function runBackup(folder: string, isCopy: boolean): Promise<void> {
  const target = path.resolve(folder);
  await withData(async (source, dataDir) => {
    const refusal = await refusalOf(target, dataDir);
    if (refusal !== undefined) return fail(refusal);
    const sum = await backUp(source, dataDir, target, isCopy);
    const how =
      sum.copied === 0 ? 'as second names of the same files' : `${count(sum.copied)} of them copied`;
    process.stdout.write(
      `${count(sum.records)} records and ${count(sum.linked + sum.copied)} pictures (${size(sum.bytes)}, ${how}) are in ${target}\n` +
        `To run from it: EASEL_DATA_DIR=${target} npm start\n`,
    );
    if (sum.missing + sum.damaged === 0) return;
    fail(
      `${count(sum.missing)} pictures are missing and ${count(sum.damaged)} damaged in ${dataDir} already. See: npm run easel -- check`,
    );
  });
}

async function refusalOf(target: string, dataDir: string): Promise<string | undefined> {
  const objects = path.resolve(dataDir, 'objects');
  if (`${target}${path.sep}`.startsWith(`${objects}${path.sep}`)) {
    return `${target} is among the pictures themselves. Choose another folder.`;
  }
  makeFolders(target);
  const isEmpty = (await readdir(target)).length === 0;
  return isEmpty ? undefined : `${target} is not empty. Choose a new folder.`;
}

/**
 * The database first, as it is at one moment, then the pictures that it names: each was stored before its record
 * named it and is never changed. The database gets its name last, so that no gateway starts on half a copy.
 */
async function backUp(
  source: InstalledStores,
  dataDir: string,
  target: string,
  isCopy: boolean,
): Promise<Sum> {
  const progress = makeProgress();
  const unfinished = path.join(target, 'easel.db.unfinished');
  await copyDatabase({ dataDir }, unfinished, ({ pages, ofPages }) =>
    progress.tell(() => `... records: ${Math.floor((100 * pages) / Math.max(1, ofPages))} %`),
  );
  const linker = isCopy ? undefined : linkObjects({ dataDir }, { dataDir: target });
  const sum = await withStores(
    { dataDir: target },
    (copy) => bringPictures({ source, copy, linker }, progress),
    unfinished,
  );
  if (sum === 'no_data') throw new Error('the copy of the records is gone');
  await linker?.sync();
  await rename(unfinished, path.join(target, 'easel.db'));
  await sync(target);
  return sum;
}

interface Stores {
  source: InstalledStores;
  copy: InstalledStores;
  linker: ReturnType<typeof linkObjects> | undefined;
}

async function bringPictures(stores: Stores, progress: Progress): Promise<Sum> {
  const sum: Sum = { records: 0, linked: 0, copied: 0, bytes: 0, missing: 0, damaged: 0 };
  await bringAssets(stores, sum);
  let after: string | undefined;
  for (;;) {
    const page = await stores.copy.records.page(after, 200);
    for (const record of page) {
      if (await bringRecord(record, stores, sum)) sum.records += 1;
      progress.tell(
        () =>
          `... ${count(sum.records)} records, ${count(sum.linked + sum.copied)} pictures (${size(sum.bytes)})`,
      );
    }
    after = page.at(-1)?.id;
    if (page.length < 200) break;
  }
  return sum;
}

/** Those of the copied moment; one deleted since then is missing in both places. */
async function bringAssets(stores: Stores, sum: Sum): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const page = await stores.copy.assets.page(after, 200);
    for (const asset of page) {
      const how = await bring(asset, stores);
      if (how === 'absent') continue;
      sum.bytes += asset.bytes;
      if (how === 'damaged') sum.damaged += 1;
      if (how === 'linked') sum.linked += 1;
      else sum.copied += 1;
    }
    after = page.at(-1)?.id;
    if (page.length < 200) return;
  }
}

/** False: the record was deleted since its moment was copied, and so it is from the copy. */
async function bringRecord(record: GenerationRecord, stores: Stores, sum: Sum): Promise<boolean> {
  for (const image of record.images) {
    const how = await bring(image, stores);
    if (how === 'absent' && (await stores.source.records.get(record.id, undefined)) === undefined) {
      await forget(record, stores.copy);
      return false;
    }
    if (how === 'absent') sum.missing += 1;
    else sum.bytes += image.bytes;
    if (how === 'damaged') sum.damaged += 1;
    if (how === 'linked') sum.linked += 1;
    if (how === 'copied' || how === 'damaged') sum.copied += 1;
  }
  return true;
}

async function bring(
  image: Pick<StoredImage, 'object' | 'sha256'>,
  { source, copy, linker }: Stores,
): Promise<'linked' | 'copied' | 'damaged' | 'absent'> {
  const linked = (await linker?.link(image.object)) ?? 'impossible';
  if (linked !== 'impossible') return linked;
  const reader = await source.objects.open(image.object);
  if (reader === undefined) return 'absent';
  const draft = await copy.objects.create();
  try {
    for await (const part of reader.stream()) await draft.write(part);
    const { sha256 } = await draft.publish(image.object);
    return sha256 === image.sha256 ? 'copied' : 'damaged';
  } finally {
    await draft.discard();
  }
}

/** The end of a generation that went on after its copy was taken. */
function endedElsewhere(record: GenerationRecord): Parameters<InstalledStores['records']['close']>[1] {
  return { ...record, status: 'failed', finishedAtMs: record.createdAtMs };
}

async function forget(record: GenerationRecord, copy: InstalledStores): Promise<void> {
  // It may have ended and been deleted since; a record in progress cannot be taken away.
  if (record.status === 'in_progress') await copy.records.close(record.id, endedElsewhere(record));
  const removed = await copy.records.remove(record.id, record.keyId);
  const objects = typeof removed === 'object' ? removed.objects : [];
  for (const object of objects) await copy.objects.remove(object);
  await copy.records.forgetObjects(objects);
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
