import { Command } from 'commander';
import type { InstalledStores } from '../compose-stores.ts';
import { audit, type Finding, type Flaw, type Tally } from './audit.ts';
import { count, makeProgress, size } from './progress.ts';
import { repair } from './repair.ts';
import { withData } from './with-data.ts';

interface CheckOptions {
  repair?: boolean;
  sizesOnly?: boolean;
}

/** `easel check`: do records and pictures agree? Works beside a running gateway. */
export function checkCommand(): Command {
  return new Command('check')
    .description('compare the records and assets with the stored files; exit code 1 when something is wrong')
    .option('--repair', 'remove what belongs to nothing, take up what was forgotten, mark what is lost')
    .option('--sizes-only', "compare sizes without reading the pictures' bytes")
    .action(runCheck);
}

async function runCheck(options: CheckOptions): Promise<void> {
  await withData(async (stores) => {
    const wrong = await checkStores(stores, options);
    if (wrong > 0) process.exitCode = 1;
  });
}

/** At most so many lines of each kind; the rest is a number. */
const maxLines = 20;

/** Checks, prints what was found, and gives how many things are still wrong. */
async function checkStores(stores: InstalledStores, options: CheckOptions): Promise<number> {
  const startedAtMs = Date.now();
  const report = makeReport(options.repair === true);
  for (const damage of stores.findDamage()) report.add('database', damage, false);

  const tally: Tally = { records: 0, inProgress: 0, pictures: 0, assets: 0, bytes: 0, objects: 0 };
  const progress = makeProgress();
  const findings = audit(stores, tally, {
    isThorough: options.sizesOnly !== true,
    onProgress: () =>
      progress.tell(
        () =>
          `... ${count(tally.records)} records, ${count(tally.pictures)} pictures (${size(tally.bytes)}), ${count(tally.objects)} files`,
      ),
  });
  for await (const finding of findings) {
    const done = options.repair === true ? await repair(finding, stores) : false;
    report.add(kindOf(finding), lineOf(finding), done);
  }
  await checkDrafts(stores, startedAtMs, options, report);

  const running = tally.inProgress === 0 ? '' : `, ${count(tally.inProgress)} of them in progress`;
  process.stdout.write(
    `${count(tally.records)} records${running}, ${count(tally.pictures)} pictures, ${count(tally.assets)} assets, ${size(tally.bytes)}\n`,
  );
  return report.print();
}

/** While a gateway runs its drafts are its own; it removed those of dead processes when it started. */
async function checkDrafts(
  stores: InstalledStores,
  startedAtMs: number,
  options: CheckOptions,
  report: Report,
): Promise<void> {
  for (const { file, bytes, changedAtMs } of await stores.drafts()) {
    if (changedAtMs >= startedAtMs || stores.isGatewayRunning()) continue;
    if (options.repair === true) await stores.removeDraft(file);
    report.add('drafts', `${file}, ${size(bytes)}`, options.repair === true && 'removed');
  }
}

type Kind = 'database' | 'missing' | 'damaged' | 'unlisted' | 'orphans' | 'strangers' | 'drafts';

const titles: Record<Kind, string> = {
  database: 'The database is damaged',
  missing: 'Pictures and assets whose files are missing',
  damaged: 'Pictures and assets whose files are not what was stored',
  unlisted: 'Pictures that their records do not name',
  orphans: 'Files that belong to no record',
  strangers: 'Files among the pictures that Easel did not put there',
  drafts: 'Unfinished files of processes that ended (the next start removes them)',
};

const flaws: Record<Flaw, string> = {
  missing: 'no file',
  wrong_size: 'another size',
  wrong_hash: 'other bytes',
  unreadable: 'cannot be read',
};

const kinds = { unlisted: 'unlisted', orphan: 'orphans', stranger: 'strangers' } as const;

function kindOf(finding: Finding): Kind {
  if (finding.kind !== 'lost' && finding.kind !== 'lost_asset') return kinds[finding.kind];
  return finding.why === 'missing' ? 'missing' : 'damaged';
}

function lineOf(finding: Finding): string {
  if (finding.kind === 'orphan' || finding.kind === 'stranger') {
    return `${finding.object}, ${size(finding.bytes)}`;
  }
  if (finding.kind === 'lost_asset') {
    return `asset ${finding.asset.id}: ${flaws[finding.why]} (${finding.asset.object})`;
  }
  const { record, image } = finding;
  const what = finding.kind === 'lost' ? `: ${flaws[finding.why]}` : '';
  return `${record.id} picture ${image.index}${what} (${image.object})`;
}

interface Report {
  /** `done`: how it was repaired, or false. */
  add(kind: Kind, line: string, done: string | false): void;
  /** Gives how many things are still wrong. */
  print(): number;
}

function makeReport(isRepairing: boolean): Report {
  const found = new Map<Kind, { lines: string[]; total: number; repaired: number }>();
  return {
    add(kind, line, done) {
      const entry = found.get(kind) ?? { lines: [], total: 0, repaired: 0 };
      found.set(kind, entry);
      entry.total += 1;
      if (done !== false) entry.repaired += 1;
      if (entry.lines.length < maxLines) entry.lines.push(done === false ? line : `${line}: ${done}`);
    },
    print() {
      const out: string[] = [];
      let left = 0;
      for (const [kind, { lines, total, repaired }] of found) {
        left += total - repaired;
        out.push(`\n${titles[kind]}: ${count(total)}`, ...lines.map((line) => `  ${line}`));
        if (total > lines.length) out.push(`  ... and ${count(total - lines.length)} more`);
      }
      if (found.size === 0) out.push('Everything agrees.');
      else if (left === 0) out.push('\nEverything is repaired.');
      else if (!isRepairing) out.push(`\n${count(left)} wrong. To repair: npm run easel -- check --repair`);
      else out.push(`\n${count(left)} could not be repaired; see above.`);
      process.stdout.write(`${out.join('\n')}\n`);
      return left;
    },
  };
}
