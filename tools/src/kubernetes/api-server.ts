import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from '../repository-root.js';
import { Kubectl } from './kubectl.js';

interface Served {
  readonly kubeconfig: string;
  readonly kubectl: string;
}

/** A real API server without nodes, made by tools/kubernetes.sh and thrown away again. */
export class ApiServer {
  private constructor(
    private readonly process: ChildProcess,
    readonly kubectl: Kubectl,
  ) {}

  static async start(): Promise<ApiServer> {
    const child = spawn(join(repositoryRoot(), 'tools/kubernetes.sh'), ['serve'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { kubeconfig, kubectl } = await servedBy(child);
    return new ApiServer(child, new Kubectl(kubectl, { KUBECONFIG: kubeconfig }));
  }

  /** It ends when its input does, also when this process is killed. */
  async stop(): Promise<void> {
    const closed = once(this.process, 'close');
    this.process.stdin?.end();
    await closed;
  }
}

async function servedBy(child: ChildProcess): Promise<Served> {
  if (!child.stdout) throw new Error('tools/kubernetes.sh has no output');
  for await (const line of createInterface(child.stdout)) {
    const [, served] = /^serving (\{.*\})$/.exec(line) ?? [];
    if (served !== undefined) return JSON.parse(served) as Served;
  }
  throw new Error('tools/kubernetes.sh could not bring an API server up: it says why above');
}
