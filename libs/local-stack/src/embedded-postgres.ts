import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDatabase, isAnswering } from './database-client.js';
import { isReachable, postgresBinaries, unprivilegedUser } from './postgres-binaries.js';
import type { User } from './postgres-binaries.js';
import { claimPort } from './ports.js';
import { serverSettings } from './postgres-settings.js';
import type { Reaper } from './reaper.js';
import type { Database } from './stack.js';
import { runToEnd, secondsSince, SupervisedProcess, untilReady } from './supervised-process.js';

/** What an embedded server needs. */
export interface EmbeddedPostgresOptions {
  readonly folder: string;
  readonly port?: number;
  readonly throwaway: boolean;
  /** False: what was committed survives a killed server, not a crash of the machine. */
  readonly durable: boolean;
  readonly reaper: Reaper;
  readonly onProgress: (line: string) => void;
  /** TLS for all, and for the database `certified` a certificate of the client as well. */
  readonly tls?: ServerTls;
}

/** PEM texts of a server. */
export interface ServerTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const USER = 'onceline';
const DATABASE = 'onceline';

interface ServerSpec {
  readonly binaries: string;
  readonly data: string;
  readonly logFile: string;
  readonly port: number;
  readonly user: User | undefined;
  readonly settings: readonly string[];
  readonly orphanSignal: NodeJS.Signals;
  readonly tls: ServerTls | undefined;
}

const TLS_ONLY = `hostssl certified all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca
hostssl all all 127.0.0.1/32 scram-sha-256
`;

/** The server reads files, and takes a key only from one that is its user's alone. */
async function tlsSettings(tls: ServerTls, folder: string, user: User | undefined): Promise<string[]> {
  const files = { ssl_ca_file: tls.ca, ssl_cert_file: tls.cert, ssl_key_file: tls.key, hba_file: TLS_ONLY };
  const settings = ['ssl=on'];
  for (const [setting, text] of Object.entries(files)) {
    const file = join(folder, setting);
    await writeFile(file, text, { mode: 0o600 });
    if (user) await chown(file, user.uid, user.gid);
    settings.push(`${setting}=${file}`);
  }
  return settings;
}

/** The folder itself, or, where the server's user cannot reach it, one of its own below the system's temporary folder. */
async function reachableFolder(options: EmbeddedPostgresOptions, user: User | undefined): Promise<string> {
  if (isReachable(options.folder, user)) return options.folder;
  const id = createHash('sha256').update(options.folder).digest('hex').slice(0, 12);
  const folder = join(tmpdir(), `onceline-data-${id}`);
  if (!isReachable(folder, user)) {
    throw new Error(
      `PostgreSQL does not run as root, and its user can reach neither ${options.folder} nor ${folder}: ` +
        'clone into another folder, or start as another user.',
    );
  }
  options.onProgress(`PostgreSQL cannot reach ${options.folder}: its data is in ${folder}`);
  return folder;
}

async function initialise(binaries: string, folder: string, user: User | undefined, reaper: Reaper): Promise<void> {
  const data = join(folder, 'data');
  if (existsSync(data)) return;
  const draft = join(folder, 'data.new');
  await rm(draft, { recursive: true, force: true });
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, randomBytes(12).toString('hex'), { mode: 0o600 });
  if (user) await chown(passwordFile, user.uid, user.gid);
  await runToEnd(
    {
      command: join(binaries, 'bin', 'initdb'),
      args: [
        ...['-D', draft, '-U', USER, '--pwfile', passwordFile, '--auth=scram-sha-256'],
        ...['--locale=C.UTF-8', '--encoding=UTF8', '--no-sync', '--no-instructions'],
      ],
      cwd: folder,
      logFile: join(folder, 'initdb.log'),
      ...(user ? { user } : {}),
      stopSignal: 'SIGTERM',
    },
    reaper,
  );
  await rename(draft, data);
}

// Of a killed server, the processes that serve connections end by themselves only when they next look; until then they
// hold the data folder.
function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return []; // no /proc here: the start waits for them
  }
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

class EmbeddedDatabase implements Database {
  private process: SupervisedProcess | undefined;

  constructor(
    private readonly spec: ServerSpec,
    private readonly reaper: Reaper,
    readonly url: string,
  ) {}

  pids(): number[] {
    return this.process?.running && this.process.pid !== undefined ? [this.process.pid] : [];
  }

  async start(): Promise<void> {
    if (this.process?.running) return;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.launch();
        return;
      } catch (error) {
        const output = this.process?.output() ?? '';
        if (output.includes('lock file "postmaster.pid" already exists')) {
          throw new Error(`Another stack is at work in ${this.spec.data}.`, { cause: error });
        }
        const stillHeld = output.includes('pre-existing shared memory block');
        if (!stillHeld || attempt === 10) throw error;
        await sleep(300);
      }
    }
  }

  async stop(): Promise<void> {
    await this.process?.stop();
  }

  async kill(): Promise<void> {
    const [pid] = this.pids();
    if (pid === undefined) return;
    const children = childrenOf(pid);
    await this.process?.kill();
    killAll(children);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  createDatabase(name: string): Promise<string> {
    return createDatabase(this.url, name, this.spec.tls);
  }

  private async launch(): Promise<void> {
    const { binaries, data, logFile, port, settings, user, orphanSignal } = this.spec;
    const started = new SupervisedProcess(
      {
        command: join(binaries, 'bin', 'postgres'),
        args: ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
        cwd: data,
        logFile,
        ...(user ? { user } : {}),
        stopSignal: 'SIGINT',
        orphanSignal,
      },
      this.reaper,
    );
    this.process = started;
    // The database of that name may not be there yet: `postgres` always is.
    const url = new URL('/postgres', this.url).href;
    await untilReady('PostgreSQL', started, () => isAnswering(url, this.spec.tls), { withinMs: 60_000, everyMs: 20 });
  }
}

/** Initialises the folder if need be and starts PostgreSQL on it. A failed start leaves nothing running. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<Database> {
  const began = Date.now();
  const port = await claimPort('PostgreSQL', options.port);
  const user = unprivilegedUser();
  const binaries = await postgresBinaries(user);
  const folder = await reachableFolder(options, user);
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o700);
  if (user) await chown(folder, user.uid, user.gid);
  await initialise(binaries, folder, user, options.reaper);
  const password = await readFile(join(folder, 'password'), 'utf8');
  const { tls } = options;
  const safe = tls === undefined ? [] : await tlsSettings(tls, folder, user);
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...serverSettings(options), ...safe];
  // SIGQUIT: at once, without a checkpoint.
  const orphanSignal = options.throwaway ? 'SIGQUIT' : 'SIGINT';
  const spec = { binaries, data: join(folder, 'data'), logFile: join(folder, 'server.log'), port, user, settings, tls };
  const url = `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;
  const database = new EmbeddedDatabase({ ...spec, orphanSignal }, options.reaper, url);
  try {
    await database.start();
    await createDatabase(url, DATABASE, tls);
  } catch (error) {
    await database.kill();
    throw error;
  }
  options.onProgress(`PostgreSQL is ready on 127.0.0.1:${port} (${secondsSince(began)})`);
  return database;
}
