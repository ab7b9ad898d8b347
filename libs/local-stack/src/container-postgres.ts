import type { ContainerOptions } from './container-kafka.js';
import { newContainer, RestartableContainer } from './container.js';
import { createDatabase, isAnswering } from './database-client.js';
import { claimPort } from './ports.js';
import { serverSettings } from './postgres-settings.js';
import type { Database, Removable } from './stack.js';
import { secondsSince } from './supervised-process.js';

/** What PostgreSQL in a container needs. */
export interface ContainerPostgresOptions extends ContainerOptions {
  readonly password: string;
  readonly durable: boolean;
}

const NAME = 'onceline';
const SERVER_PORT = 5432;

/** PostgreSQL of the official image. */
export async function startContainerPostgres(options: ContainerPostgresOptions): Promise<Removable<Database>> {
  const began = Date.now();
  const port = await claimPort('PostgreSQL', options.port);
  const settings = serverSettings({ durable: options.durable }).flatMap((setting) => ['-c', setting]);
  const { Wait } = await import('testcontainers');
  const definition = (await newContainer('postgres:17'))
    .withExposedPorts({ container: SERVER_PORT, host: port })
    .withEnvironment({ POSTGRES_USER: NAME, POSTGRES_DB: NAME, POSTGRES_PASSWORD: options.password })
    .withCommand(['postgres', ...settings])
    .withWaitStrategy(Wait.forListeningPorts());
  if (options.volume) definition.withBindMounts([{ source: options.volume, target: '/var/lib/postgresql/data' }]);
  const started = await definition.start();
  const url = `postgres://${NAME}:${options.password}@${started.getHost()}:${port}/${NAME}`;
  // The server that sets the database up listens on its socket only: one that answers here is the one that stays.
  const container = new RestartableContainer('PostgreSQL', started, () => isAnswering(url));
  try {
    await container.untilReady();
  } catch (error) {
    await container.remove();
    throw error;
  }
  options.onProgress(`PostgreSQL is ready on ${started.getHost()}:${port}, in a container (${secondsSince(began)})`);
  return { part: containerDatabase(url, container), remove: () => container.remove() };
}

function containerDatabase(url: string, container: RestartableContainer): Database {
  return {
    url,
    pids: () => [],
    createDatabase: (name) => createDatabase(url, name),
    start: () => container.start(),
    stop: () => container.stop(),
    kill: () => container.kill(),
    restart: async () => {
      await container.stop();
      await container.start();
    },
  };
}
