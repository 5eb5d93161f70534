import type { ChaosResult } from './run.ts';

/** No loss, no double charge, nothing at odds, no process that ended by itself. */
export function isClean({ judgement, complaints, check }: ChaosResult): boolean {
  return judgement.problems.length === 0 && complaints.length === 0 && check.isClean;
}

const maxShown = 40;

/** The table, and below it whatever went wrong with the way to see it again. */
export function report(result: ChaosResult): string {
  const { judgement, faults, told } = result;
  const rows: [string, number | string][] = [
    ['seed', result.seed],
    ['rounds', result.rounds],
    ['requests', result.requests],
    ['processes of the gateway', result.starts],
    ['seconds', result.seconds.toFixed(0)],
    ['', ''],
    ['images charged', judgement.charged],
    ['stored, readable, right hash', judgement.stored],
    ['deleted by their caller', judgement.deleted],
    ['recorded as unknown', judgement.unknown],
    ...[...judgement.unknownBecause].map(([why, images]): [string, number] => [`  ${why}`, images]),
    ['lost', judgement.lost],
    ['charged twice', judgement.chargedTwice],
    ['bought again by a caller without a key', judgement.boughtAgain],
    ['other problems', judgement.problems.filter(({ text }) => !/: (LOST|CHARGED TWICE)/.test(text)).length],
    ['finished only by a restart', result.finishedByRestart],
    ['easel check', result.check.isClean ? 'clean' : 'NOT CLEAN'],
    ['', ''],
    ...section('faults', faults),
    ['', ''],
    ...section('callers were told', told),
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  const lines = rows.map(([name, value]) =>
    name === '' ? '' : `${name.padEnd(width)}${String(value).padStart(9)}`,
  );
  for (const kind of result.leftOut)
    lines.push(`not played, because this machine does not allow it: ${kind}`);
  if (isClean(result)) return lines.join('\n');
  lines.push('', 'PROBLEMS');
  for (const text of result.complaints) lines.push(`- ${text}`);
  if (!result.check.isClean) lines.push(`- easel check: ${result.check.says}`);
  for (const { round, text } of judgement.problems.slice(0, maxShown))
    lines.push(`- round ${round ?? '?'}: ${text}`);
  const more = judgement.problems.length - maxShown;
  if (more > 0) lines.push(`  and ${more} more`);
  lines.push(
    '',
    `The same schedule again (moments differ by real time): npm run chaos -- --seed ${result.seed} --rounds ${result.rounds}`,
  );
  return lines.join('\n');
}

function section(title: string, counts: ReadonlyMap<string, number>): [string, number][] {
  const rows = [...counts].toSorted(([one], [other]) => one.localeCompare(other));
  return [
    [title, rows.reduce((sum, [, value]) => sum + value, 0)],
    ...rows.map(([name, value]): [string, number] => [`  ${name}`, value]),
  ];
}
