import { createDatabase } from './database-client.js';
import type { BrokerSet, Database } from './stack.js';

function refuse(what: string, setting: string): () => Promise<never> {
  return async () => {
    throw new Error(`${what} is the one that ${setting} names: this process did not start it and does not stop it.`);
  };
}

/** The brokers that a setting names. */
export function externalBrokers(list: string): BrokerSet {
  const brokers = list
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');
  const wrong = brokers.find((broker) => !/^\S+:\d+$/.test(broker));
  if (brokers.length === 0 || wrong !== undefined) {
    throw new Error(`KAFKA_BROKERS must be host:port, several separated by commas, and is "${list}".`);
  }
  const no = refuse('Kafka', 'KAFKA_BROKERS');
  return { brokers, count: brokers.length, pids: () => [], freeze: no, start: no, stop: no, kill: no, restart: no };
}

/** The server that a setting names. */
export function externalDatabase(url: string): Database {
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    // The address may hold a password: it is not repeated.
    throw new Error('DATABASE_URL must be an address like postgres://user:password@host:5432/database.');
  }
  const no = refuse('PostgreSQL', 'DATABASE_URL');
  const create = (name: string) => createDatabase(url, name);
  return { url, createDatabase: create, pids: () => [], start: no, stop: no, kill: no, restart: no };
}
