import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is printed behind each script: nothing that a script would print. */
const END = '--- end of the step ---';

/** One bash, in which variables and functions live on from script to script. */
export class Bash {
  private readonly shell: ChildProcessWithoutNullStreams;
  private readonly script: string;
  private printed = '';
  private wake: () => void = () => undefined;
  private hasEnded = false;

  constructor(folder: string) {
    this.script = join(folder, 'step.sh');
    this.shell = spawn('bash', ['--noprofile', '--norc'], { cwd: folder, stdio: 'pipe' });
    this.shell.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.printed += text;
      this.wake();
    });
    this.shell.once('close', () => {
      this.hasEnded = true;
      this.wake();
    });
  }

  /** Answers what it printed, errors as well. */
  async run(script: string): Promise<string> {
    this.printed = '';
    writeFileSync(this.script, script);
    // From a file and without input, so that no command of it reads what comes next.
    this.shell.stdin.write(`. ./step.sh < /dev/null 2>&1; echo; echo '${END}'\n`);
    while (!this.printed.endsWith(`${END}\n`)) {
      if (this.hasEnded) throw new Error(`bash has ended; it printed: ${this.printed}`);
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    return this.printed.slice(0, -END.length - 1).trim();
  }

  stop(): void {
    this.shell.kill();
  }
}
