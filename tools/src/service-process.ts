import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Reaper } from '@onceline/local-stack';
import { repositoryRoot } from './repository-root.js';

/** The services there are; each is the program `apps/<name>/dist/main.js`. */
export type ServiceName = 'ingress' | 'dedupe' | 'ticketing' | 'retry';

/** What a service process needs. */
export interface ServiceSettings {
  readonly name: ServiceName;
  /** Shown in the log's file name when one service runs several times. */
  readonly instance: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFolder: string;
  /** Ends the process when the one that started it dies without having done so. */
  readonly reaper: Reaper;
}

const READY_WITHIN_MS = 60_000;
/** What is kept to look for the address in, and for the reason of a start that failed. */
const LAST_WORDS = 64 * 1024;

/** One running service: a child process in a process group of its own, so that Ctrl-C reaches only the one who stops it in order. */
export class ServiceProcess {
  private child: ChildProcess | undefined;
  private exited: Promise<number | null> = Promise.resolve(0);
  private lastWords = '';
  /** Base URL; known once {@link start} has resolved. */
  url = '';

  constructor(readonly settings: ServiceSettings) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Starts the process and waits until it is ready. Rejects with its last words when it exits first. */
  async start(): Promise<void> {
    await this.listen();
    await this.untilReady();
  }

  /** Starts the process and waits until its port is open. */
  async listen(): Promise<void> {
    const { name, environment, logFolder, instance } = this.settings;
    const root = repositoryRoot();
    mkdirSync(logFolder, { recursive: true });
    const log = createWriteStream(join(logFolder, `${name}-${instance}.log`), { flags: 'a' });
    const child = spawn(
      process.execPath,
      ['--import', '@onceline/service-kit/telemetry', join(root, 'apps', name, 'dist', 'main.js')],
      {
        cwd: join(root, 'apps', name),
        detached: true,
        env: { ...process.env, OTEL_SERVICE_NAME: name, ...environment, ...this.samePort() },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.child = child;
    this.watch(child);
    this.url = await Promise.race([this.listening(child, log), this.diesBefore('it was listening')]);
  }

  /** Waits until the service answers its readiness probe. */
  async untilReady(): Promise<void> {
    await Promise.race([this.polledReady(), this.diesBefore('it was ready')]);
  }

  /** Asks the service to finish what is in hand and waits for its end. */
  async stop(): Promise<void> {
    this.signal('SIGTERM');
    await this.exited;
  }

  /** SIGKILL: nothing is finished. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.child?.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
  }

  /** A restarted service is found where it was. */
  private samePort(): Record<string, string> {
    return this.url === '' ? {} : { PORT: new URL(this.url).port };
  }

  private watch(child: ChildProcess): void {
    const { pid } = child;
    if (pid) this.settings.reaper.watch(pid, 'SIGTERM');
    this.exited = new Promise((resolve) =>
      child.once('exit', (code) => {
        if (pid) this.settings.reaper.forget(pid);
        resolve(code);
      }),
    );
  }

  private listening(child: ChildProcess, log: WriteStream): Promise<string> {
    return new Promise((resolve) => {
      let url: string | undefined;
      const read = (chunk: Buffer): void => {
        log.write(chunk);
        this.lastWords = `${this.lastWords}${chunk.toString()}`.slice(-LAST_WORDS);
        url ??= this.lastWords.split('\n').map(listeningUrl).find(Boolean);
        if (url) resolve(url);
      };
      child.stdout?.on('data', read);
      child.stderr?.on('data', read);
      child.once('close', () => log.end());
    });
  }

  private async diesBefore(moment: string): Promise<never> {
    const code = await this.exited;
    // The last words arrive on pipes that close after the exit.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const lines = this.lastWords.trimEnd().split('\n').slice(-10);
    throw new Error(`${this.settings.name} ended with ${code} before ${moment}:\n${lines.join('\n')}`);
  }

  private async polledReady(): Promise<void> {
    const deadline = Date.now() + READY_WITHIN_MS;
    let answer = 'no answer';
    while (Date.now() < deadline) {
      try {
        const response = await fetch(`${this.url}/health/ready`);
        if (response.ok) return;
        answer = await response.text();
      } catch (error) {
        answer = String(error);
      }
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    throw new Error(`${this.settings.name} was not ready within ${READY_WITHIN_MS / 1000} s: ${answer}`);
  }
}

function listeningUrl(line: string): string | undefined {
  if (!line.includes('"listening"')) return undefined;
  try {
    const { msg, url } = JSON.parse(line) as { msg?: string; url?: string };
    return msg === 'listening' ? url : undefined;
  } catch {
    return undefined;
  }
}
