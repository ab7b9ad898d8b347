import { readdirSync, readFileSync } from 'node:fs';
import type { System } from '../system.js';
import { SERVICES } from '../system.js';

/** Linux counts the CPU time of a process in hundredths of a second, on every machine (USER_HZ). */
const MS_PER_TICK = 10;

/** CPU time used so far, in milliseconds, by part of the system; a process that has ended is no longer counted. */
export type CpuTimes = Readonly<Record<string, number>>;

interface ProcessTimes {
  readonly parent: number;
  readonly ms: number;
}

/** The CPU time of each part of a system, and of the process that sends the load. Empty where there is no `/proc`. */
export function cpuTimes(system: System): CpuTimes {
  const processes = readProcesses();
  if (processes.size === 0) return {};
  const { kafka, postgres } = system.stack;
  const services = SERVICES.map((name) => [name, system.instances(name).map(({ pid }) => pid ?? 0)] as const);
  const parts = [...services, ['broker', kafka.pids()] as const, ['database', postgres.pids()] as const];
  const times = parts.map(([name, pids]) => [name, sum(pids.map((pid) => withChildren(processes, pid)))] as const);
  const { user, system: kernel } = process.cpuUsage();
  return { ...Object.fromEntries(times), sender: (user + kernel) / 1000 };
}

/** What each part has used between two readings, for each of so many updates: `cpu_ms_<part>`, and `cpu_ms` of all. */
export function cpuPerUpdate(before: CpuTimes, after: CpuTimes, updates: number): Record<string, number> {
  const used = Object.entries(after).map(([part, ms]) => [part, (ms - (before[part] ?? 0)) / updates] as const);
  if (used.length === 0) return {};
  const all = sum(used.map(([, ms]) => ms));
  return { cpu_ms: all, ...Object.fromEntries(used.map(([part, ms]) => [`cpu_ms_${part}`, ms])) };
}

function readProcesses(): ReadonlyMap<number, ProcessTimes> {
  const processes = new Map<number, ProcessTimes>();
  if (process.platform !== 'linux') return processes;
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const times = timesOf(name);
    if (times !== undefined) processes.set(Number(name), times);
  }
  return processes;
}

/** Undefined for a process that ended while it was looked at. */
function timesOf(pid: string): ProcessTimes | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** proc(5): the name stands in brackets and may hold anything; parent, user and kernel time are the 2nd, 12th and 13th field after it. */
export function parseStat(stat: string): ProcessTimes {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(fields[1]), ms: (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK };
}

function withChildren(processes: ReadonlyMap<number, ProcessTimes>, pid: number): number {
  const children = [...processes].filter(([, { parent }]) => parent === pid).map(([child]) => child);
  return (processes.get(pid)?.ms ?? 0) + sum(children.map((child) => withChildren(processes, child)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
