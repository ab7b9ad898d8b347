import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The folder of downloads that every stack of this clone shares: `.onceline/cache` beside nx.json, else in the home folder. */
export function defaultCacheFolder(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'nx.json'))) return join(folder, '.onceline', 'cache');
  }
  return join(homedir(), '.cache', 'onceline');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function tryLock(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const owner = Number(await readFile(file, 'utf8').catch(() => ''));
  // An empty file is a lock that is being written. A dead owner's lock is removed, the next try takes it.
  if (owner > 0 && !isAlive(owner)) await unlink(file).catch(() => undefined);
  return false;
}

/**
 * Runs `work` while no other process on this machine does.
 * The lock only saves double work: what it guards is put in place by an atomic rename, so a lock that two processes
 * believe to hold (both removed a dead owner's) does no harm.
 */
export async function exclusively<T>(file: string, work: () => Promise<T>): Promise<T> {
  while (!(await tryLock(file))) await sleep(100);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** Runs `work` unless another process is at it: then nothing happens. */
export async function unlessAtWork(file: string, work: () => Promise<void>): Promise<void> {
  // The second try is for the lock that a dead process left, which the first one has removed.
  if (!(await tryLock(file)) && !(await tryLock(file))) return;
  try {
    await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** Fills a new folder and puts it in place at once: `target` is never seen half full. The first of several racers wins. */
export async function installFolder(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  if (existsSync(target)) return;
  await mkdir(dirname(target), { recursive: true });
  const draft = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
  try {
    await fill(draft);
    await rename(draft, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
