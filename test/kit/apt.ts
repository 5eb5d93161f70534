import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';

/** What decides whether a missing tool can be installed here. */
export interface Machine {
  /** Folders with programs, as in PATH. */
  searchPath: string;
  /** Root on Debian, or on something made of it. */
  canInstall: boolean;
}

const thisMachine: Machine = {
  // Debian keeps servers' programs where only root's PATH may look.
  searchPath: [process.env['PATH'] ?? '', '/usr/sbin', '/sbin'].join(path.delimiter),
  canInstall: process.getuid?.() === 0 && existsSync('/etc/debian_version'),
};

/**
 * The path of a program that a test needs and npm does not bring. Installs its Debian package where that is possible
 * (root on Debian); two test files may ask at once, the second waits for apt's lock. That may take longer than a test
 * file has (test/run.ts), so ask for it where the file begins.
 *
 * @throws Error with one line about what to install, so that a test without its tool fails and is not left out
 */
export function requireTool(name: string, aptPackage: string, machine: Machine = thisMachine): string {
  const found = find(name, machine);
  if (found !== undefined) return found;
  if (!machine.canInstall) {
    throw new Error(`The tests need ${name}. On Debian: apt-get install ${aptPackage}`);
  }
  const install = [
    'install',
    '--yes',
    '--no-install-recommends',
    '-o',
    'DPkg::Lock::Timeout=170',
    aptPackage,
  ];
  // The lists may be missing (a container image) or too old to name a file that still exists.
  if (apt(install).status !== 0) {
    apt(['update']);
    const second = apt(install);
    if (second.status !== 0) {
      const reason = second.stderr.trim().split('\n').at(-1) ?? '';
      throw new Error(`The tests need ${name}, and apt-get install ${aptPackage} failed: ${reason}`);
    }
  }
  const installed = find(name, machine);
  if (installed === undefined)
    throw new Error(`The package ${aptPackage} was installed and brings no ${name}.`);
  return installed;
}

function apt(args: string[]) {
  return spawnSync('apt-get', ['-qq', ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

function find(name: string, machine: Machine): string | undefined {
  for (const folder of machine.searchPath.split(path.delimiter)) {
    const file = path.join(folder, name);
    try {
      if (folder === '') continue;
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not here.
    }
  }
  return undefined;
}
