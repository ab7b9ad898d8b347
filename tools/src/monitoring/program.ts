import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Reaper } from '@onceline/local-stack';

/** What to start, and how to see that it is there. */
export interface ProgramOptions {
  /** Names under which it may be installed, the usual one first. */
  readonly names: readonly string[];
  /** What to install when there is none, on Debian. */
  readonly debianPackage: string;
  readonly args: readonly string[];
  /** Answers 200 once it is ready. */
  readonly readyUrl: string;
  /** Ends it when this process dies without having done so. */
  readonly reaper: Reaper;
}

const READY_WITHIN_MS = 30_000;
const STOPPED_WITHIN_MS = 10_000;

/** The command that installs a package without starting the server in it. */
export function installOnDebian(debianPackage: string): string {
  return `RUNLEVEL=1 apt-get install -y --no-install-recommends ${debianPackage}`;
}

/** A program of somebody else as a child process. */
export class Program {
  private lastWords = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly name: string,
    private readonly reaper: Reaper,
  ) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.lastWords = `${this.lastWords}${chunk.toString()}`.slice(-2000)));
  }

  /** Starts it and waits until it is ready. @throws with its last words, or with what to install. */
  static async start({ names, debianPackage, args, readyUrl, reaper }: ProgramOptions): Promise<Program> {
    const name = names.find((each) => spawnSync(each, ['--version']).status === 0);
    if (!name) throw new Error(`there is no ${names.join(' or ')} here; on Debian: ${installOnDebian(debianPackage)}`);
    // A group of its own: Ctrl-C reaches only the one who stops it.
    const child = spawn(name, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const program = new Program(child, name, reaper);
    if (child.pid) reaper.watch(child.pid, 'SIGTERM');
    try {
      await program.untilReady(readyUrl);
    } catch (error) {
      await program.stop();
      throw error;
    }
    return program;
  }

  /** Ends it in order, or after a while by force. */
  async stop(): Promise<void> {
    if (!this.hasEnded) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      const late = setTimeout(() => this.child.kill('SIGKILL'), STOPPED_WITHIN_MS);
      this.child.kill('SIGTERM');
      await ended;
      clearTimeout(late);
    }
    if (this.child.pid) this.reaper.forget(this.child.pid);
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private async untilReady(url: string): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    while (Date.now() < deadline && !this.hasEnded) {
      const status = await fetch(url).then(
        (response) => response.status,
        () => 0,
      );
      if (status === 200) return;
      await sleep(100);
    }
    throw new Error(`${this.name} did not come up:\n${this.lastWords}`);
  }
}
