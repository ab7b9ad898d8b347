/** The service inside the spec's own process, on the shared stack, with a database of its own. */
import { HEADERS, retryTopicName, TOPICS, topicDeclarations } from '@onceline/contracts';
import { connectKafka, type BatchingProducer, type ConsumedRecord, type Kafka } from '@onceline/kafka';
import { hashToken, newMetricsRegistry, type RunningService } from '@onceline/service-kit';
import { eventually, releaseStack, uniqueName, useStack } from '@onceline/testing';
import { readTicketingConfig } from './config.js';
import { MASTER_KEY, openStore, type TestStore } from './store/fixtures.spec.js';
import { runTicketing } from './ticketing.js';

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Body;
}

export interface Entry {
  readonly outcome: string;
  readonly reason: string | null;
  readonly ticketId: string;
  readonly explanation: string;
  readonly traceId: string | null;
  readonly duplicateCount: number;
  readonly duplicates: readonly object[];
}

export const ledgerPath = (key: string) => `/v1/ledger/${encodeURIComponent(key)}`;

const RUNG_MS = 200;

/** Everything a spec talks to. */
export class TestService {
  readonly registry = newMetricsRegistry();
  private readonly group = uniqueName('ticketing');
  private running: RunningService | undefined;

  private constructor(
    readonly stack: Awaited<ReturnType<typeof useStack>>,
    readonly kafka: Kafka,
    readonly store: TestStore,
    private readonly producer: BatchingProducer,
  ) {}

  static async start(changes: Record<string, string> = {}): Promise<TestService> {
    const stack = await useStack();
    const kafka = connectKafka({ brokers: stack.kafka.brokers, clientId: 'ticketing-spec' });
    const declared = topicDeclarations({ partitions: 3, ticketingRungsMs: [RUNG_MS] });
    await kafka.admin.createMissing(declared, { replicationFactor: 1 });
    const service = new TestService(stack, kafka, await openStore(), await kafka.producer());
    service.running = await service.startInstance(changes, service.registry);
    return service;
  }

  get url(): string {
    return this.running?.url ?? '';
  }

  environment(changes: Record<string, string> = {}): Record<string, string> {
    return {
      KAFKA_BROKERS: this.stack.kafka.brokers.join(','),
      DATABASE_URL: this.store.url,
      API_TOKENS: `viewer:${hashToken('secret')},admin:${hashToken('admin-secret')},agent:${hashToken('ada-secret')}:ada,agent:${hashToken('bob-secret')}:bob`,
      MASTER_KEYS: MASTER_KEY,
      TICKETING_GROUP_ID: this.group,
      PARTITIONS: '3',
      TICKETING_RETRY_RUNGS: `${RUNG_MS}ms`,
      TICKETING_RETRY_TRIES: '3',
      PORT: '0',
      LOG_LEVEL: 'silent',
      ...changes,
    };
  }

  startInstance(changes: Record<string, string> = {}, registry = newMetricsRegistry()): Promise<RunningService> {
    return runTicketing(readTicketingConfig(this.environment(changes)), { registry, exit: () => undefined });
  }

  async stop(): Promise<void> {
    await this.running?.stop();
    await this.store.close();
    await this.kafka.close();
    await releaseStack();
  }

  async get<Body = Record<string, unknown>>(path: string, headers: Record<string, string> = {}): Promise<Answer<Body>> {
    const response = await fetch(`${this.url}${path}`, { headers: { authorization: 'Bearer secret', ...headers } });
    const text = await response.text();
    const json = (text === '' ? undefined : JSON.parse(text)) as Body;
    return { status: response.status, headers: response.headers, json };
  }

  /** As an operator. */
  admin<Body = Record<string, unknown>>(method: string, path: string, body?: object): Promise<Answer<Body>> {
    return this.ask('admin', method, path, body);
  }

  /** As an operator or an agent. */
  async ask<Body = Record<string, unknown>>(
    who: 'admin' | 'ada' | 'bob',
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${who}-secret`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = (text === '' ? undefined : JSON.parse(text)) as Body;
    return { status: response.status, headers: response.headers, json };
  }

  /** Writes a record as the retry service does. */
  async redeliver(record: Pick<ConsumedRecord, 'key' | 'value' | 'headers'>, headers: object = {}): Promise<void> {
    await this.producer.send(TOPICS.ticketingRedelivery, { ...record, headers: { ...record.headers, ...headers } });
  }

  /** Plays the retry service: everything that is due comes back. Answers how to end it. */
  forwardRetries(): () => Promise<void> {
    let isOver = false;
    const loop = (async () => {
      const forwarded = new Set<string>();
      for (; !isOver; await new Promise((resolve) => setTimeout(resolve, 20))) {
        const isDue = ({ headers }: ConsumedRecord) => Number(headers[HEADERS.dueAt]) <= Date.now();
        for (const record of await this.recordsOf(retryTopicName('ticketing', RUNG_MS), isDue)) {
          const place = `${record.partition}@${record.offset}`;
          if (forwarded.has(place)) continue;
          forwarded.add(place);
          await this.redeliver(record);
        }
      }
    })();
    return () => {
      isOver = true;
      return loop;
    };
  }

  /** Writes what dedupe writes, the update under its key, and answers the key. */
  async publish(update: object, changes: { bot?: string; key?: string; headers?: object } = {}): Promise<string> {
    const bot = changes.bot ?? '7';
    const { update_id, message } = update as {
      update_id?: number;
      message?: { message_id: number; chat?: { id: number } };
    };
    const chat = message?.chat?.id;
    const key = changes.key ?? `tg1:${bot}:message:${chat}:${message?.message_id}:${update_id}`;
    await this.producer.send(TOPICS.unique, {
      key: `${bot}:${chat}`,
      value: Buffer.from(JSON.stringify(update)),
      headers: {
        [HEADERS.botId]: bot,
        [HEADERS.receivedAt]: new Date().toISOString(),
        [HEADERS.idempotencyKey]: key,
        [HEADERS.updateKind]: 'message',
        ...changes.headers,
      },
    });
    return key;
  }

  /** Writes a record of the duplicates topic. */
  async publishDuplicate(value: object): Promise<void> {
    await this.producer.send(TOPICS.duplicates, {
      key: 'conversation',
      value: Buffer.from(JSON.stringify(value)),
      headers: { [HEADERS.botId]: '7' },
    });
  }

  /** The ledger entry, once it is there. */
  settled(key: string): Promise<Entry> {
    return eventually(async () => {
      const { status, json } = await this.get<Entry>(ledgerPath(key));
      expect(status).toBe(200);
      return json;
    });
  }

  async recordsOf(topic: string, isWanted: (record: ConsumedRecord) => boolean): Promise<ConsumedRecord[]> {
    const found: ConsumedRecord[] = [];
    await this.kafka.read(topic, ({ records }) => {
      found.push(...records.filter(isWanted));
    });
    return found;
  }
}
