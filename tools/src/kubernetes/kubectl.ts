import { spawn, type ChildProcess } from 'node:child_process';
import { repositoryRoot } from '../repository-root.js';

/** kubectl against one cluster: that of KUBECONFIG and its current context, unless told otherwise. */
export class Kubectl {
  constructor(
    private readonly program = process.env['KUBECTL'] ?? 'kubectl',
    private readonly environment: Readonly<Record<string, string>> = {},
  ) {}

  /** What it printed. @throws what it complained about, when it ended badly */
  async run(args: readonly string[], input = ''): Promise<string> {
    const child = this.start(args);
    let printed = '';
    let complaints = '';
    child.stdout?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    // A kubectl that ends before it has read everything says why itself.
    child.stdin?.on('error', () => undefined).end(input);
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    if (code !== 0)
      throw new Error(`kubectl ${args.slice(0, 3).join(' ')} … ended with ${String(code)}:\n${complaints}`);
    return printed;
  }

  async json<T>(args: readonly string[], input = ''): Promise<T> {
    return JSON.parse(await this.run([...args, '-o', 'json'], input)) as T;
  }

  /** Starts it and leaves it running. */
  start(args: readonly string[]): ChildProcess {
    return spawn(this.program, args, { cwd: repositoryRoot(), env: { ...process.env, ...this.environment } });
  }
}
