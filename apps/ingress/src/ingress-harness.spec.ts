// The real app in this process on a real broker.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topicDeclarations } from '@onceline/contracts';
import { connectKafka, type ConsumedRecord, type Kafka } from '@onceline/kafka';
import { startStack, type Stack } from '@onceline/local-stack';
import { metricsRegistry, type RunningService } from '@onceline/service-kit';
import { eventually } from '@onceline/testing';
import { readIngressConfig } from './config.js';
import { RawClient, postBytes, type RawAnswer, type RawPost } from './raw-client.spec.js';
import { runIngress } from './run-ingress.js';

export const BOTS = [
  { id: '1000001', secrets: ['current', 'previous'] },
  { id: '1000002', secrets: ['second'] },
];

export class IngressHarness {
  readonly #running: RunningService[] = [];
  readonly #clients: RawClient[] = [];

  private constructor(
    readonly folder: string,
    readonly stack: Stack,
    readonly kafka: Kafka,
  ) {}

  static async start(): Promise<IngressHarness> {
    const folder = mkdtempSync(join(tmpdir(), 'onceline-ingress-'));
    const stack = await startStack({ folder, postgres: false });
    const kafka = connectKafka({ brokers: stack.kafka.brokers, clientId: 'ingress-spec' });
    await kafka.admin.createMissing(topicDeclarations(), { replicationFactor: 1 });
    return new IngressHarness(folder, stack, kafka);
  }

  /** Starts one more ingress; settings by their names in the environment. */
  async ingress(settings: Record<string, string> = {}): Promise<RunningService> {
    // Two services in one process would register their metrics twice.
    metricsRegistry.clear();
    const config = readIngressConfig({
      KAFKA_BROKERS: this.stack.kafka.brokers.join(','),
      PORT: '0',
      LOG_LEVEL: 'silent',
      BOTS: JSON.stringify(BOTS),
      ...settings,
    });
    const running = await runIngress(config);
    this.#running.push(running);
    return running;
  }

  async connect({ url }: { url: string }): Promise<RawClient> {
    const client = await RawClient.connect(url);
    this.#clients.push(client);
    return client;
  }

  /** One request on a connection of its own. */
  async post(service: { url: string }, body: string | Buffer, post: RawPost = {}): Promise<RawAnswer> {
    const client = await this.connect(service);
    client.write(postBytes(body, post));
    const answer = await client.answer();
    client.destroy();
    return answer;
  }

  async records(topic: string): Promise<ConsumedRecord[]> {
    const found: ConsumedRecord[] = [];
    await this.kafka.read(topic, (batch) => void found.push(...batch.records));
    return found;
  }

  /** Holds the broker still, so that what is sent stays in flight; answers how to let it go on. */
  freezeBroker(): Promise<() => Promise<void>> {
    return this.stack.kafka.freeze();
  }

  /** Ends every service and connection; the broker goes on. */
  async quiet(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.destroy();
    for (const running of this.#running.splice(0)) await running.stop();
  }

  async stop(): Promise<void> {
    await this.quiet();
    await this.kafka.close();
    await this.stack.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

let lastUpdateId = 700_000_000;

export function messageUpdate(chatId = 42): { id: number; json: string } {
  lastUpdateId += 1;
  const message = { message_id: lastUpdateId, date: 1_790_000_000, chat: { id: chatId, type: 'private' }, text: 'hi' };
  return { id: lastUpdateId, json: `{"update_id":${lastUpdateId},\n"message":${JSON.stringify(message)}}` };
}

/** Waits until that many updates are on their way to the broker. */
export async function untilInFlight(requests: number): Promise<void> {
  await eventually(async () => expect(await metric('onceline_ingress_in_flight_requests')).toBe(requests));
}

/** Waits until that many bytes of bodies are in memory. */
export async function untilHeld(bytes: number): Promise<void> {
  await eventually(async () => expect(await metric('onceline_ingress_in_flight_bytes')).toBe(bytes));
}

export async function metric(name: string, labels: Record<string, string> = {}): Promise<number | undefined> {
  const all = await metricsRegistry.getSingleMetric(name)?.get();
  const value = all?.values.find((one) =>
    Object.entries(labels).every(([key, label]) => (one.labels as Record<string, string>)[key] === label),
  );
  return value?.value;
}
