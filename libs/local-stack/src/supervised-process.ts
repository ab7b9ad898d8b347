import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reaper } from './reaper.js';

/** A command and how it is looked after. */
export interface ProcessSpec {
  readonly command: string;
  readonly args: readonly string[];
  readonly logFile: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Run as this user; only root can. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Asks for an orderly end; SIGKILL follows when it takes too long. */
  readonly stopSignal: NodeJS.Signals;
  /** Sent when this process dies; default the stop signal. */
  readonly orphanSignal?: NodeJS.Signals;
}

const STOP_GRACE_MS = 15_000;

/** A child process with its output in a file, that does not outlive this process. */
export class SupervisedProcess {
  /** Resolves, never rejects, when the process has ended or could not be started. */
  readonly ended: Promise<string>;
  private readonly child: ChildProcess;
  private readonly logStart: number;
  private endedAs: string | undefined;

  constructor(
    readonly spec: ProcessSpec,
    private readonly reaper: Reaper,
  ) {
    const log = openSync(spec.logFile, 'a');
    this.logStart = fstatSync(log).size;
    try {
      this.child = spawn(spec.command, spec.args, {
        stdio: ['ignore', log, log],
        // A session of its own: Ctrl-C in the terminal is for us, and we end the child in order.
        detached: true,
        ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
        ...(spec.env === undefined ? {} : { env: spec.env }),
        ...(spec.user ?? {}),
      });
    } finally {
      closeSync(log);
    }
    if (this.child.pid !== undefined) reaper.watch(this.child.pid, spec.orphanSignal ?? spec.stopSignal);
    this.ended = this.watchEnd();
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  get running(): boolean {
    return this.endedAs === undefined;
  }

  /** How the process ended, `undefined` while it runs. */
  get ending(): string | undefined {
    return this.endedAs;
  }

  /** What this process, not an earlier one with the same file, has written so far. */
  output(): string {
    return readFileSync(this.spec.logFile).subarray(this.logStart).toString();
  }

  /** Orderly end, by force after a time limit. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.child.kill(this.spec.stopSignal);
    const limit = new AbortController();
    const force = sleep(STOP_GRACE_MS, undefined, { signal: limit.signal }).then(
      () => this.child.kill('SIGKILL'),
      () => undefined,
    );
    await this.ended;
    limit.abort();
    await force;
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    if (!this.running) return;
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private watchEnd(): Promise<string> {
    return new Promise((resolve) => {
      const end = (how: string) => {
        if (this.endedAs !== undefined) return;
        this.endedAs = how;
        if (this.child.pid !== undefined) this.reaper.forget(this.child.pid);
        resolve(how);
      };
      this.child.once('error', (error) => end(error.message));
      this.child.once('exit', (code, signal) => end(signal ? `ended by ${signal}` : `exit code ${code}`));
    });
  }
}

// The frames of Java's stack traces tell the reader of an error message nothing.
function tail(text: string, lines: number): string {
  const wanted = text.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line));
  return wanted.slice(-lines).join('\n');
}

/** Runs a command to its end; its output is shown only when it fails. */
export async function runToEnd(spec: ProcessSpec, reaper: Reaper): Promise<void> {
  const child = new SupervisedProcess(spec, reaper);
  const ending = await child.ended;
  if (ending !== 'exit code 0') throw new Error(`${spec.command} failed (${ending}).\n${tail(child.output(), 40)}`);
}

/** Seconds since a time, for people. */
export function secondsSince(began: number): string {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`;
}

/** Asks until the answer is yes. Fails at once when the process has ended, and when the time is over. */
export async function untilReady(
  name: string,
  child: SupervisedProcess,
  isReady: () => Promise<boolean>,
  options: { withinMs: number; everyMs: number },
): Promise<void> {
  const deadline = Date.now() + options.withinMs;
  while (!(await isReady())) {
    if (child.running && Date.now() < deadline) {
      await sleep(options.everyMs);
      continue;
    }
    const how = child.running ? `was not ready within ${options.withinMs / 1000} s` : `did not start (${child.ending})`;
    await child.kill();
    throw new Error(`${name} ${how}. Its log, ${child.spec.logFile}, ends:\n${tail(child.output(), 15)}`);
  }
}
