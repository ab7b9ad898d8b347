/** The service inside the spec's own process, on the shared stack, with a database, topics and a ticketing of its own. */
import { topicDeclarations, type TopicDeclaration } from '@onceline/contracts';
import { connectKafka, partitionFor, type BatchingProducer, type Kafka } from '@onceline/kafka';
import type { Postgres } from '@onceline/postgres';
import { hashToken, type RunningService, newMetricsRegistry } from '@onceline/service-kit';
import { eventually, releaseStack, uniqueName, useStack } from '@onceline/testing';
import { readRetryConfig } from './config.js';
import { TicketingDouble } from './dead-letters/ticketing-double.spec.js';
import { migratedDatabase } from './migrated-database.spec.js';
import { runRetry } from './retry.js';

const PARTITIONS = 3;
const ADMIN = 'admin-secret';

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Body;
}

export interface Summary {
  readonly id: string;
  readonly status: string;
  readonly idempotencyKey: string;
}

export interface Progress {
  readonly id: string;
  readonly state: string;
  readonly note: string | null;
  readonly counts: Record<string, number>;
  readonly outcomes: Record<string, number>;
  readonly skipped: readonly object[];
  readonly selected: number;
}

export class TestRetry {
  readonly registry = newMetricsRegistry();
  /** Takes nothing back. */
  readonly doorman = uniqueName('dedupe');
  private readonly group = uniqueName('index');
  private running: RunningService | undefined;

  private constructor(
    readonly stack: Awaited<ReturnType<typeof useStack>>,
    readonly kafka: Kafka,
    readonly postgres: Postgres,
    readonly databaseUrl: string,
    readonly ticketing: TicketingDouble,
  ) {}

  get producer(): BatchingProducer {
    return this.ticketing.producer;
  }

  get consumer(): string {
    return this.ticketing.name;
  }

  static async start(): Promise<TestRetry> {
    const stack = await useStack();
    const kafka = connectKafka({ brokers: stack.kafka.brokers, clientId: 'retry-spec' });
    const { url, postgres } = await migratedDatabase();
    const producer = await kafka.producer();
    const ticketing = new TicketingDouble(kafka, uniqueName('ticketing'), producer);
    const retry = new TestRetry(stack, kafka, postgres, url, ticketing);
    await kafka.admin.createMissing(retry.topics(), { replicationFactor: 1 });
    await ticketing.start();
    await retry.startService();
    return retry;
  }

  topics(): TopicDeclaration[] {
    const [model] = topicDeclarations({ partitions: PARTITIONS });
    const names = [`${this.consumer}.dead-letter`, `${this.consumer}.redelivery`, `${this.doorman}.dead-letter`];
    return names.map((name) => ({ name, partitions: PARTITIONS, config: { ...model?.config } }));
  }

  startInstance(
    changes: Record<string, string> = {},
    registry = newMetricsRegistry(),
    topics = this.topics(),
  ): Promise<RunningService> {
    const environment = {
      KAFKA_BROKERS: this.stack.kafka.brokers.join(','),
      DATABASE_URL: this.databaseUrl,
      API_TOKENS: `admin:${hashToken(ADMIN)},viewer:${hashToken('viewer-secret')}`,
      TICKETING_URL: this.ticketing.url,
      TICKETING_TOKEN: 'admin-of-ticketing',
      DEAD_LETTER_GROUP_ID: this.group,
      PARTITIONS: String(PARTITIONS),
      PORT: '0',
      LOG_LEVEL: 'silent',
      ...changes,
    };
    const options = { registry, topics, exit: () => undefined };
    return runRetry(readRetryConfig(environment), options);
  }

  async startService(): Promise<void> {
    this.registry.clear();
    this.running = await this.startInstance({}, this.registry);
  }

  async stopService(): Promise<void> {
    await this.running?.stop();
  }

  async stop(): Promise<void> {
    await this.stopService();
    await this.ticketing.stop();
    await this.postgres.close();
    await this.kafka.close();
    await releaseStack();
  }

  get<Body = Record<string, unknown>>(path: string, token = 'viewer-secret'): Promise<Answer<Body>> {
    return this.call(path, { headers: { authorization: `Bearer ${token}` } });
  }

  post<Body = Record<string, unknown>>(
    path: string,
    body: object,
    { token = ADMIN, url, ...headers }: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    const init = {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    };
    return this.call(path, init, url);
  }

  /** Writes what a consumer writes for an update that it gives up, and waits for it in the index. */
  async bury(
    key: string,
    { headers = {}, value, copies = 1 }: { headers?: Record<string, string>; value?: Buffer; copies?: number } = {},
  ): Promise<string> {
    this.ticketing.ledger.set(key, { outcome: 'dead-lettered', ticketId: null });
    await this.send(key, { headers, copies, ...(value === undefined ? {} : { value }) });
    return this.idOf(key);
  }

  /** Dead letters of one cause, in this order. */
  async buryGroup(prefix: string, count: number): Promise<{ keys: string[]; fingerprint: string }> {
    const keys = Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(3, '0')}`);
    for (const key of keys) {
      this.ticketing.ledger.set(key, { outcome: 'dead-lettered', ticketId: null });
      await this.send(key, { headers: { 'failure-code': prefix } });
    }
    for (const key of keys) await this.idOf(key);
    const [row] = await this.postgres.query<{ fingerprint: string }>(
      `select distinct fingerprint from retry.dead_letters where failure_code = $1`,
      [prefix],
    );
    return { keys, fingerprint: row?.fingerprint ?? '' };
  }

  async send(
    key: string,
    { headers = {}, value, copies = 1 }: { headers?: Record<string, string>; value?: Buffer; copies?: number } = {},
  ): Promise<void> {
    const conversation = `7:${key}`;
    const record = {
      key: conversation,
      value: value ?? Buffer.from(JSON.stringify({ update_id: 1, note: key })),
      headers: {
        'bot-id': '7',
        'received-at': '2026-01-01T00:00:00.000Z',
        'idempotency-key': key,
        'failure-kind': 'permanent',
        'failure-code': 'broken',
        'failure-message': `broken at ${key.length}`,
        'first-failed-at': '2026-01-01T00:00:01.000Z',
        attempt: '1',
        ...headers,
      },
    };
    const partition = partitionFor(conversation, PARTITIONS);
    for (let copy = 0; copy < copies; copy += 1) {
      await this.producer.send(`${this.consumer}.dead-letter`, record, { partition });
    }
  }

  idOf(key: string): Promise<string> {
    return eventually(async () => {
      const [row] = await this.postgres.query<{ id: string }>(
        `select dead_letter_id as id from retry.dead_letters where idempotency_key = $1 order by indexed_at desc limit 1`,
        [key],
      );
      if (!row) throw new Error(`${key} is not in the index`);
      return row.id;
    });
  }

  /** Status by key, of the first dead letter of each. */
  async statuses(keys: readonly string[]): Promise<Record<string, string>> {
    const rows = await this.postgres.query<{ key: string; status: string }>(
      `select idempotency_key as key, status from retry.dead_letters
       where idempotency_key = any($1::text[]) and came_from_redrive is null`,
      [keys],
    );
    return Object.fromEntries(rows.map(({ key, status }) => [key, status]));
  }

  ended(id: string, state = 'finished'): Promise<Progress> {
    return eventually(async () => {
      const { json } = await this.get<Progress>(`/v1/redrives/${id}`);
      expect([json.state, json.counts['sent']]).toEqual([state, 0]);
      return json;
    });
  }

  private async call<Body>(path: string, init: RequestInit, url = this.running?.url): Promise<Answer<Body>> {
    const response = await fetch(`${url}${path}`, init);
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      json: (text === '' ? undefined : JSON.parse(text)) as Body,
    };
  }
}
