import { readdirSync, readFileSync } from 'node:fs';

/**
 * The command lines of a process group's running members. Dead ones that nobody has collected yet are not running:
 * in a container without an init they stay in the table for good, and `kill(-group, 0)` still counts them.
 */
export function groupMembers(group: number): string[] {
  try {
    process.kill(-group, 0);
  } catch {
    return [];
  }
  if (process.platform !== 'linux') return [`a process of group ${group}`];
  const members: string[] = [];
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      // "pid (name) state parent group ...", where the name may hold anything, parentheses too.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(processGroup) !== group || state === 'Z' || state === 'X') continue;
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      members.push(`${command} (${pid})`);
    } catch {
      // Ended between the listing and here.
    }
  }
  return members;
}
