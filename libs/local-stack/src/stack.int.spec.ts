import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startStack } from './index.js';
import type { Stack, StackOptions } from './index.js';
import { brokersSeenBy } from './kafka-metadata.js';
import { askBroker, wireInt32, wireString } from './kafka-wire.js';
import { freePort } from './ports.js';

const portOf = (address: string | undefined) => Number(address?.split(':').at(-1));
const broker = (stack: Stack, index = 0) => stack.kafka.brokers[index] ?? '';

async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 15_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; !(await holds()); await sleep(50)) {
    if (Date.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}`);
  }
}

/** CreateTopics v2: one topic, one partition, on as many brokers as asked. Answers the error code. */
async function createTopic(broker: string, name: string, copies = 1): Promise<number | undefined> {
  const int16 = Buffer.alloc(2);
  int16.writeInt16BE(copies);
  const topic = [wireString(name), wireInt32(1), int16, wireInt32(0), wireInt32(0)];
  const body = Buffer.concat([wireInt32(1), ...topic, wireInt32(10_000), Buffer.from([0])]);
  const response = await askBroker(broker, { api: 19, version: 2, body }, 15_000);
  return response?.readInt16BE(4 + 4 + 2 + name.length);
}

/** Metadata v1 of one topic: its error code, 3 when the broker does not know it. */
async function topicError(broker: string, name: string): Promise<number | undefined> {
  const body = Buffer.concat([wireInt32(1), wireString(name)]);
  const response = await askBroker(broker, { api: 3, version: 1, body });
  const at = response?.indexOf(wireString(name));
  return at === undefined || at < 2 ? undefined : response?.readInt16BE(at - 2);
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

function isAlive(pid: number): boolean {
  try {
    // A dead process whose new parent has not yet taken notice still has a pid.
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return false;
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(true));
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(false)));
  });
}

const running: Stack[] = [];
const folders: string[] = [];

async function start(options: StackOptions = {}): Promise<Stack> {
  const stack = await startStack({ mode: 'embedded', durable: false, ...options });
  running.push(stack);
  return stack;
}

function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'onceline-spec-'));
  folders.push(folder);
  chmodSync(folder, 0o711);
  return folder;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((stack) => stack.stop()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('one broker and PostgreSQL', () => {
  it('both answer, and stop ends every process', async () => {
    const stack = await start();
    expect(await brokersSeenBy(broker(stack))).toEqual([1]);
    expect(await query(stack.postgres.url, 'show fsync')).toEqual([['off']]);
    const url = await stack.postgres.createDatabase('orders');
    expect(await stack.postgres.createDatabase('orders')).toBe(url);
    expect(await query(url, 'select current_database()')).toEqual([['orders']]);

    const pids = [...stack.kafka.pids(), ...stack.postgres.pids()];
    expect(pids.filter(isAlive)).toHaveLength(2);
    await stack.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('is durable unless told otherwise', async () => {
    const stack = await start({ kafka: false, durable: true });
    expect(await query(stack.postgres.url, 'show fsync')).toEqual([['on']]);
    expect(() => stack.kafka).toThrow('without Kafka');
  });

  it('a killed and a restarted server come back with their data, on their ports', async () => {
    const stack = await start();
    const { brokers } = stack.kafka;
    const { url } = stack.postgres;
    expect(await createTopic(broker(stack), 'kept')).toBe(0);
    await query(url, 'create table kept as select 7 as n');

    for (const end of ['kill', 'stop'] as const) {
      await Promise.all([stack.kafka[end](), stack.postgres[end]()]);
      expect([...stack.kafka.pids(), ...stack.postgres.pids()]).toEqual([]);
      expect(await isListening(portOf(broker(stack)))).toBe(false);
      await Promise.all([stack.kafka.start(), stack.postgres.start()]);
      expect(stack.kafka.brokers).toEqual(brokers);
      expect(await topicError(broker(stack), 'kept')).toBe(0);
      expect(await topicError(broker(stack), 'never-made')).toBe(3);
      expect(await query(url, 'select n from kept')).toEqual([[7]]);
    }
  });

  it('PostgreSQL comes back although a killed server was at work for a client', async () => {
    const stack = await start({ kafka: false });
    const client = new pg.Client({ connectionString: stack.postgres.url });
    client.on('error', () => undefined);
    await client.connect();
    const cut = expect(client.query('select count(*) from generate_series(1, 1e10::bigint)')).rejects.toThrow();
    await sleep(200);
    await stack.postgres.kill();
    await cut;
    await stack.postgres.start();
    expect(await query(stack.postgres.url, 'select 1')).toEqual([[1]]);
  });

  it('goes on with the data of a folder that was given', async () => {
    const folder = freshFolder();
    const first = await start({ folder });
    expect(await createTopic(broker(first), 'kept')).toBe(0);
    await query(first.postgres.url, 'create table kept as select 7 as n');
    await first.stop();

    const second = await start({ folder });
    expect(await topicError(broker(second), 'kept')).toBe(0);
    expect(await query(second.postgres.url, 'select n from kept')).toEqual([[7]]);
  });
});

// Only root can start PostgreSQL as somebody else.
(process.getuid?.() === 0 ? describe : describe.skip)('a folder that only root can enter', () => {
  it('has its PostgreSQL data outside, and finds it again', async () => {
    const closed = freshFolder();
    chmodSync(closed, 0o700);
    const said: string[] = [];
    const options = { folder: join(closed, 'data'), kafka: false, onProgress: (line: string) => said.push(line) };
    const first = await start(options);
    const [[place]] = (await query(first.postgres.url, 'show data_directory')) as [[string]];
    folders.push(dirname(place));
    expect(said[0]).toBe(
      `PostgreSQL cannot reach ${join(closed, 'data', 'postgres')}: its data is in ${dirname(place)}`,
    );
    await query(first.postgres.url, 'create table kept as select 7 as n');
    await first.stop();
    const second = await start(options);
    expect(await query(second.postgres.url, 'select n from kept')).toEqual([[7]]);
  });
});

describe('three brokers', () => {
  it('replicate, go on without one of them, and take it back', async () => {
    const stack = await start({ brokers: 3, postgres: false });
    const sees = (index: number) => brokersSeenBy(broker(stack, index));
    expect(await sees(2)).toEqual(expect.arrayContaining([1, 2, 3]));
    expect(await createTopic(broker(stack), 'replicated', 3)).toBe(0);

    await stack.kafka.kill(0);
    expect(stack.kafka.pids()).toHaveLength(2);
    await until('the others notice', async () => (await sees(1)).length === 2);
    expect(await createTopic(broker(stack, 1), 'meanwhile', 2)).toBe(0);

    await stack.kafka.start(0);
    await until('it is back', async () => (await sees(1)).length === 3);
    await until('it knows the topic', async () => (await topicError(broker(stack), 'meanwhile')) === 0);
  });
});

describe('a start that cannot succeed', () => {
  it('names the port in use, and leaves nothing running', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await until('the port is taken', () => server.listening);
    const taken = (server.address() as { port: number }).port;
    const postgres = await freePort();
    await expect(start({ ports: { kafka: taken, postgres } })).rejects.toThrow(
      `Port ${taken} for Kafka is already in use`,
    );
    expect(await isListening(postgres)).toBe(false);
    await expect(start({ kafka: false, ports: { postgres: taken } })).rejects.toThrow(`Port ${taken} for PostgreSQL`);
    server.close();
  });

  it('says that another stack is at work in the folder', async () => {
    const folder = freshFolder();
    const first = await start({ folder });
    expect(await createTopic(broker(first), 'kept')).toBe(0);
    await expect(start({ folder, postgres: false })).rejects.toThrow(/Another stack is at work .*broker/);
    await expect(start({ folder, kafka: false })).rejects.toThrow(/Another stack is at work in .*postgres/);
    expect(await topicError(broker(first), 'kept')).toBe(0);
  });

  it('says what is missing without Java or Maven, and the two ways out', async () => {
    const { PATH, JAVA_HOME } = process.env;
    const bin = freshFolder();
    const cache = freshFolder();
    const ways = /install them .*openjdk-17-jre-headless maven.*docker compose up/;
    try {
      delete process.env['JAVA_HOME'];
      process.env['PATH'] = bin;
      await expect(start({ cache, postgres: false })).rejects.toThrow(/`java` was not found/);
      await expect(start({ cache, postgres: false })).rejects.toThrow(ways);
      symlinkSync(
        execFileSync('/bin/sh', ['-c', 'command -v java'], { env: { PATH }, encoding: 'utf8' }).trim(),
        join(bin, 'java'),
      );
      await expect(start({ cache, postgres: false })).rejects.toThrow(/`mvn` was not found/);
      await expect(start({ cache, postgres: false })).rejects.toThrow(ways);
    } finally {
      Object.assign(process.env, { PATH }, JAVA_HOME === undefined ? {} : { JAVA_HOME });
    }
  });

  it('fetches once when two start together on an empty cache', async () => {
    const cache = freshFolder();
    const said: string[] = [];
    const options = { cache, postgres: false, onProgress: (line: string) => said.push(line) };
    await Promise.all([start(options), start(options)]);
    expect(said.filter((line) => line.startsWith('Fetching'))).toHaveLength(1);
    const left = readdirSync(join(cache, 'kafka-4.3.1')).map((name) => name.replace(/-\w+\.jsa$/, '.jsa'));
    expect(left.sort()).toEqual(['classes.jsa', 'jars']);
  });
});

describe('the death of the process that started it', () => {
  // The sources are run as they are: Node strips the types, and takes the .ts file for the .js that an import names.
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) =>
      next(name.startsWith('.') && context.parentURL?.endsWith('.ts') ? name.replace(/\\.js$/, '.ts') : name, context) });`;
  const script = `import { startStack } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
    const stack = await startStack({ mode: 'embedded', durable: false });
    console.log(JSON.stringify({ brokers: stack.kafka.brokers, url: stack.postgres.url,
      pids: [...stack.kafka.pids(), ...stack.postgres.pids()] }));`;

  it.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)('by %s ends the servers and removes the data', async (signal) => {
    const temp = freshFolder();
    const child = spawn(
      process.execPath,
      [
        ...[
          '--no-warnings',
          '--experimental-transform-types',
          '--import',
          `data:text/javascript,${encodeURIComponent(hook)}`,
        ],
        ...['--input-type=module', '-e', script],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TMPDIR: temp } },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await until('the child has its stack', () => output.includes('\n') || child.exitCode !== null, 40_000);
    const { brokers, url, pids } = JSON.parse(output) as { brokers: string[]; url: string; pids: number[] };
    expect(pids.filter(isAlive)).toHaveLength(2);
    expect(readdirSync(temp)).toHaveLength(1);

    child.kill(signal);
    await until('the servers are gone', () => pids.filter(isAlive).length === 0);
    for (const port of [portOf(brokers[0]), Number(new URL(url).port)]) {
      await until(`port ${port} is closed`, async () => !(await isListening(port)));
    }
    await until('the data is gone', () => readdirSync(temp).length === 0);
    expect(existsSync(temp)).toBe(true);
  });
});
