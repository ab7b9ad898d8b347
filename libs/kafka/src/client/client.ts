/** Where kafkajs is made. Nothing outside this folder knows it. */
import kafkajs from 'kafkajs';
import type { Kafka as KafkaJs, logLevel as LogLevel } from 'kafkajs';
import type { KafkaOptions } from '../port.js';
import { patchClient } from './client-patch.js';
import { saslMechanism } from './sasl.js';

patchClient();

const NOTHING = 0 as LogLevel;
const WARN = 2 as LogLevel;

/** How patient a client is; the callers above it have their own loops, so it is less than kafkajs's own half minute. */
export interface ClientPatience {
  readonly requestTimeout: number;
  readonly retries: number;
}

/** For what has nobody above it that asks again at once. */
export const PATIENT: ClientPatience = { requestTimeout: 10_000, retries: 5 };

/**
 * A new kafkajs instance. Each producer and consumer gets its own: instances share a table of committed offsets by group name, and
 * two members of one group in one process would overwrite each other's entries.
 */
export function newClient(options: KafkaOptions, patience: ClientPatience = PATIENT): KafkaJs {
  const { log } = options;
  return new kafkajs.Kafka({
    clientId: options.clientId,
    brokers: [...options.brokers],
    ...(options.tls === undefined ? {} : { ssl: { ...options.tls } }),
    ...(options.sasl === undefined ? {} : { sasl: saslMechanism(options.sasl) }),
    connectionTimeout: 3000,
    requestTimeout: patience.requestTimeout,
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: patience.retries },
    logLevel: log === undefined ? NOTHING : WARN,
    logCreator: () => (entry) => {
      const { message, ...fields } = entry.log;
      const level = entry.level === WARN ? 'warn' : 'error';
      log?.({ level, message: `kafkajs ${entry.namespace}: ${message}`, fields });
    },
  });
}
