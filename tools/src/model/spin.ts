import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

export const NO_SPIN = 'spin and gcc are missing: `apt-get install --no-install-recommends spin gcc libc6-dev`.';

export const hasSpin = (): boolean =>
  ['spin', 'gcc'].every((program) => spawnSync(program, ['--version']).error === undefined);

/** What an exhaustive search came to. */
export interface Search {
  readonly states: number;
  /** The assertion that does not hold, or what else is wrong; null where nothing forbidden can be reached. */
  readonly violated: string | null;
  /** The steps that lead there, one to a line: no fewer do. */
  readonly steps: readonly string[];
}

/**
 * Searches all interleavings of a model, with macros defined, the shortest first.
 * @throws Error when the search is not exhaustive, or a program of it fails
 */
export function search(file: string, macros: readonly string[]): Search {
  const folder = mkdtempSync(join(tmpdir(), 'onceline-model-'));
  const run = (program: string, ...args: string[]) => outputOf(program, args, folder);
  const spin = (...args: string[]) => run('spin', ...macros.map((macro) => `-D${macro}`), ...args, basename(file));
  try {
    copyFileSync(file, join(folder, basename(file)));
    spin('-a');
    run('gcc', '-O2', '-w', '-DSAFETY', '-DBFS', '-DMEMLIM=8192', '-o', 'pan', 'pan.c');
    const found = foundIn(run('./pan'));
    return { ...found, steps: found.violated === null ? [] : stepsIn(spin('-t', '-p')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function outputOf(program: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

function foundIn(told: string): Pick<Search, 'states' | 'violated'> {
  const states = /^\s*([\d.e+]+) states, stored/m.exec(told)?.[1];
  const errors = /errors: (\d+)/.exec(told)?.[1];
  const violated = /^pan:1: (.*?)(?: \(at depth \d+\))?$/m.exec(told)?.[1];
  if (states === undefined || errors === undefined || (errors === '0') !== (violated === undefined)) {
    throw new Error(`the search says neither that it ended well nor what it found: ${told}`);
  }
  if (violated === undefined && /not completed|too small|out of memory|MEMLIM/.test(told)) {
    throw new Error(`the search is not exhaustive: ${told}`);
  }
  return { states: Number(states), violated: violated ?? null };
}

const STEP = /^\s*\d+:\s+proc .*\[/;
const NOT_OF_THE_MODEL = /:init:|\(goto\)|\[(DO|break|else|goto :b\d+)\]/;

/** Of a trail: what each process did, without its start, jumps, and the state in which all end. */
const stepsIn = (trail: string) => trail.split('\n').filter((line) => STEP.test(line) && !NOT_OF_THE_MODEL.test(line));
