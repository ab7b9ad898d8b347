/** Runs fixtures/probe-service.mjs as a process of its own, on the compiled library, as a service runs in production. */
import { execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const project = fileURLToPath(new URL('..', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Compiles the library; a process does not see the sources. */
export async function buildLibrary(): Promise<void> {
  const compiler = fileURLToPath(new URL('../../../node_modules/typescript-7/bin/tsc', import.meta.url));
  await promisify(execFile)(process.execPath, [compiler, '-b', project], { cwd: root }).catch(
    (error: { stdout?: string }) => {
      throw new Error(`The library does not compile:\n${error.stdout}`, { cause: error });
    },
  );
}

export interface ProbeProcess {
  /** Standard output so far, one parsed line each. */
  lines(): Record<string, unknown>[];
  stderr(): string;
  /** Address of the service; rejects when the process ends before it listens. */
  url: Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Exit code, or the signal that killed it. */
  exit: Promise<number | string>;
}

const running = new Set<ProbeProcess>();

export function startProbe(environment: Record<string, string>, nodeOptions: string[] = []): ProbeProcess {
  const child = spawn(process.execPath, [...nodeOptions, 'fixtures/probe-service.mjs'], {
    cwd: project,
    env: { PATH: process.env['PATH'], KAFKA_BROKERS: '127.0.0.1:9092', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exit = new Promise<number | string>((resolve) =>
    child.on('close', (code, signal) => resolve(code ?? signal ?? '')),
  );
  const lines = () =>
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const url = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      const listening = lines().find(({ msg }) => msg === 'listening');
      if (listening !== undefined) resolve(String(listening['url']));
    });
    void exit.then((code) => reject(new Error(`ended with ${code} before it listened: ${stderr}`)));
  });
  url.catch(() => undefined);
  const probe: ProbeProcess = { lines, stderr: () => stderr, url, signal: (name) => void child.kill(name), exit };
  running.add(probe);
  void exit.then(() => running.delete(probe));
  return probe;
}

/** For `afterEach`: whatever a failed test left running. */
export async function killProbes(): Promise<void> {
  for (const probe of running) probe.signal('SIGKILL');
  await Promise.all([...running].map((probe) => probe.exit));
}
