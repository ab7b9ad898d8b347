/**
 * Ticketing as this service sees it: its ledger over HTTP, and a consumer that takes what is redriven. It stands at the outer edge
 * only; what the real one answers is the business of the whole-system tests.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BatchingProducer, ConsumedRecord, ConsumerHandle, Kafka } from '@onceline/kafka';

interface Entry {
  outcome: string;
  ticketId: string | null;
  redriveId?: string;
}

interface Rehearsed {
  readonly idempotencyKey: string;
  readonly headers: Record<string, string>;
  readonly payload: string;
}

export class TicketingDouble {
  readonly ledger = new Map<string, Entry>();
  /** Everything that came to the redelivery topic, copies included. */
  readonly received: ConsumedRecord[] = [];
  readonly discards: { key: string; reason: string }[] = [];
  readonly rehearsed: Rehearsed[] = [];
  /** What the next requests are answered with instead. */
  refusals: number[] = [];
  /** Whether a redriven update fails again. */
  failsAgain: (key: string) => boolean = () => false;
  failureCode = 'broken';
  private readonly server: Server;
  private consumer: ConsumerHandle | undefined;

  constructor(
    private readonly kafka: Kafka,
    readonly name: string,
    readonly producer: BatchingProducer,
  ) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.consumer = await this.kafka.consume({
      groupId: this.name,
      topics: [`${this.name}.redelivery`],
      handle: async (batches) => {
        for (const record of batches.flatMap(({ records }) => records)) await this.take(record);
        return { settle: 'commit' };
      },
      onFailure: (error) => {
        throw error;
      },
    });
  }

  async stop(): Promise<void> {
    await this.consumer?.stop();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** What came of the updates whose keys begin so. */
  receivedOf(prefix: string): ConsumedRecord[] {
    return this.received.filter(({ headers }) => headers['idempotency-key']?.startsWith(prefix));
  }

  private async take(record: ConsumedRecord): Promise<void> {
    this.received.push(record);
    const key = record.headers['idempotency-key'] ?? '';
    const redriveId = record.headers['redrive-id'] ?? '';
    const entry = this.ledger.get(key);
    if (entry?.outcome !== 'dead-lettered' || entry.redriveId === redriveId) return;
    if (!this.failsAgain(key)) {
      this.ledger.set(key, { outcome: 'ticket-opened', ticketId: `ticket-of-${key}`, redriveId });
      return;
    }
    this.ledger.set(key, { ...entry, redriveId });
    const failure = {
      'failure-kind': 'permanent',
      'failure-code': this.failureCode,
      'failure-message': 'broken at 17',
    };
    const copy = { key: record.key, value: record.value, headers: { ...record.headers, ...failure } };
    await this.producer.send(`${this.name}.dead-letter`, copy, { partition: record.partition });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = chunks.length === 0 ? undefined : (JSON.parse(Buffer.concat(chunks).toString()) as unknown);
    const refusal = this.refusals.shift();
    const [status, answer] = refusal === undefined ? this.route(request, body) : [refusal, { detail: 'not now' }];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  private route(request: IncomingMessage, body: unknown): [number, unknown] {
    if (request.headers.authorization !== 'Bearer admin-of-ticketing') return [401, {}];
    const path = decodeURIComponent(request.url ?? '');
    if (path === '/v1/rehearsals') return [200, { updates: this.rehearse(body as { updates: Rehearsed[] }) }];
    const discarded = /^\/v1\/ledger\/(.+)\/discard$/.exec(path)?.[1];
    if (discarded !== undefined) {
      this.discards.push({ key: discarded, reason: (body as { reason: string }).reason });
      return [200, {}];
    }
    const entry = this.ledger.get(/^\/v1\/ledger\/(.+)$/.exec(path)?.[1] ?? '');
    return entry ? [200, entry] : [404, {}];
  }

  private rehearse({ updates }: { updates: Rehearsed[] }): object[] {
    this.rehearsed.push(...updates);
    return updates.map(({ idempotencyKey }) => {
      const entry = this.ledger.get(idempotencyKey);
      if (entry?.ticketId) return { idempotencyKey, result: 'has-ticket', ticketId: entry.ticketId };
      return { idempotencyKey, result: this.failsAgain(idempotencyKey) ? 'would-fail' : 'would-open' };
    });
  }
}
