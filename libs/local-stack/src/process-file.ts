import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // Gone, or no /proc on this system.
  }
  try {
    return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' });
  } catch {
    return '';
  }
}

/**
 * The process that a pid file names, if it still runs and its command line shows that it is the one meant: after a crash
 * of the machine the number may belong to anybody.
 */
export function livingProcess(pidFile: string, argument: string): number | undefined {
  let pid: number;
  try {
    pid = Number(readFileSync(pidFile, 'utf8'));
  } catch {
    return undefined; // never started
  }
  return pid > 0 && commandLineOf(pid).includes(argument) ? pid : undefined;
}
