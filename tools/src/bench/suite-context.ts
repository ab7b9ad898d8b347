import type { TopicDeclaration } from '@onceline/contracts';
import { TOPICS, topicDeclarations } from '@onceline/contracts';
import { connectKafka, type Kafka } from '@onceline/kafka';
import { Client } from 'pg';
import { System, type SystemOptions } from '../system.js';
import type { SuiteResult } from './results.js';

/** How much work a suite does. */
export interface SuiteOptions {
  /** Small counts: shows that the bench works, says nothing about speed. */
  readonly quick: boolean;
  readonly say: (line: string) => void;
}

/** One suite: measures everything it compares in the same run, on a stack of its own. */
export type Suite = (options: SuiteOptions) => Promise<SuiteResult>;

/** A stack with the services asked for, and our own connections to it. */
export interface Workbench {
  readonly system: System;
  readonly kafka: Kafka;
  readonly database: Client;
}

/** Starts a stack of its own in a fresh folder with fsync on, lends it, and ends all of it. */
export async function withWorkbench<T>(options: SystemOptions, use: (bench: Workbench) => Promise<T>): Promise<T> {
  const system = await System.start(options);
  const kafka = connectKafka({ brokers: system.stack.kafka.brokers, clientId: 'onceline-bench' });
  const database = new Client({ connectionString: system.stack.postgres.url });
  try {
    await database.connect();
    return await use({ system, kafka, database });
  } finally {
    await database.end();
    await kafka.close();
    await system.stop();
  }
}

/** Creates topics with exactly the settings of raw. */
export async function createTopicsLikeRaw(kafka: Kafka, names: readonly string[]): Promise<void> {
  const raw = topicDeclarations().find(({ name }) => name === TOPICS.raw);
  if (!raw) throw new Error('raw is not declared');
  const declarations: TopicDeclaration[] = names.map((name) => ({ ...raw, name }));
  await kafka.admin.createMissing(declarations, { replicationFactor: 1 });
}

/** Calls `send` for each number, this many at once, in order of their start. */
export async function inParallel(count: number, atOnce: number, send: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const n = next;
      next += 1;
      await send(n);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}
