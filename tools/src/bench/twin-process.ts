import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startReaper } from '@onceline/local-stack';

const START_WITHIN_MS = 30_000;

/** One of the programs in this folder, running as a process of its own until {@link stop}. */
export class TwinProcess {
  private readonly reaper = startReaper();

  private constructor(
    private readonly child: ChildProcess,
    readonly name: string,
  ) {
    if (child.pid !== undefined) this.reaper.watch(child.pid, 'SIGKILL');
  }

  url = '';

  /** Starts `<name>.js` and waits until it says that it is listening. */
  static async start(name: string, environment: Readonly<Record<string, string>> = {}): Promise<TwinProcess> {
    const program = fileURLToPath(new URL(`${name}.js`, import.meta.url));
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, KAFKAJS_NO_PARTITIONER_WARNING: '1', ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const twin = new TwinProcess(child, name);
    try {
      twin.url = await twin.listening();
      return twin;
    } catch (error) {
      await twin.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const running = () => this.child.exitCode === null && this.child.signalCode === null;
    if (running()) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      const impatient = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(impatient);
    }
    this.reaper.dismiss();
  }

  private listening(): Promise<string> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${this.name} did not start within 30 s`)), START_WITHIN_MS);
      this.child.once('exit', (code) => reject(new Error(`${this.name} ended with ${code} while starting`)));
      if (!this.child.stdout) return;
      createInterface(this.child.stdout).on('line', (line) => {
        if (!line.includes('"listening"')) return;
        clearTimeout(late);
        resolve((JSON.parse(line) as { url: string }).url);
      });
    });
  }
}
