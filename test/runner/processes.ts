import { readdirSync, readFileSync } from 'node:fs';

/** A running process, with its command line for people. */
export interface RunningProcess {
  pid: number;
  command: string;
}

/**
 * A process group's running members. Dead ones that nobody has collected yet are not running: in a container without
 * an init they stay in the table for good, and `kill(-group, 0)` still counts them.
 */
export function groupMembers(group: number): RunningProcess[] {
  try {
    process.kill(-group, 0);
  } catch {
    return [];
  }
  if (process.platform !== 'linux') return [{ pid: -group, command: `a process of group ${group}` }];
  return running((_pid, processGroup) => processGroup === group);
}

/**
 * Running processes that were started with this variable, in whatever group or session they are by now: servers and
 * browsers leave the group they were started in. Nothing is known of it outside Linux.
 */
export function processesWith(variable: string): RunningProcess[] {
  if (process.platform !== 'linux') return [];
  return running((pid) => `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(`\0${variable}=`));
}

function running(isWanted: (pid: number, group: number) => boolean): RunningProcess[] {
  const found: RunningProcess[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // "pid (name) state parent group ...", where the name may hold anything, parentheses too.
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === 'Z' || state === 'X' || !isWanted(Number(name), Number(group))) continue;
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      found.push({ pid: Number(name), command });
    } catch {
      // Ended between the listing and here, or another user's.
    }
  }
  return found;
}
