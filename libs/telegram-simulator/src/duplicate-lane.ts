import type { Clock } from './clock.js';
import { isAcknowledgement, type Measures } from './measures.js';
import type { Random } from './random.js';
import { WebhookConnection } from './webhook-connection.js';
import type { Webhook } from './webhook-target.js';

const lanes = 32;
const latestAfter = 2000;

/** Posts extra copies on connections of their own, beside Telegram's queues. A copy is sent once, whatever is answered. */
export class DuplicateLane {
  private readonly free: WebhookConnection[] = [];
  private readonly connections = new Set<WebhookConnection>();
  private readonly waiting: Buffer[] = [];
  private readonly planned = new Set<() => void>();
  private inFlight = 0;

  constructor(
    private readonly webhook: Webhook,
    private readonly clock: Clock,
    private readonly measures: Measures,
    private readonly onChange: () => void,
  ) {}

  /** Sends a copy at once. */
  postNow(body: Buffer): void {
    this.waiting.push(body);
    this.pump();
  }

  /** Sends a copy within the next two seconds. */
  postLater(body: Buffer, random: Random): void {
    const callOff = this.clock.setTimer(() => {
      this.planned.delete(callOff);
      this.postNow(body);
    }, random.next() * latestAfter);
    this.planned.add(callOff);
  }

  get outstanding(): number {
    return this.planned.size + this.waiting.length + this.inFlight;
  }

  /** Forgets what is planned and closes everything. */
  close(): void {
    this.planned.forEach((callOff) => callOff());
    this.planned.clear();
    this.waiting.length = 0;
    this.inFlight = 0;
    [...this.connections].forEach((connection) => connection.destroy());
  }

  private pump(): void {
    while (this.waiting.length > 0) {
      const connection = this.free.shift() ?? this.openConnection();
      const body = connection === undefined ? undefined : this.waiting.shift();
      if (connection === undefined || body === undefined) return;
      this.send(connection, body);
    }
  }

  private send(connection: WebhookConnection, body: Buffer): void {
    this.inFlight++;
    this.measures.duplicatesSent++;
    connection.send(this.webhook.request(body), (outcome) => {
      this.inFlight--;
      this.measures.count(outcome);
      if (isAcknowledgement(outcome)) this.measures.duplicatesAcknowledged++;
      if (connection.isOpen) this.free.push(connection);
      this.pump();
      this.onChange();
    });
  }

  private openConnection(): WebhookConnection | undefined {
    if (this.connections.size >= lanes) return undefined;
    const connection = new WebhookConnection(this.webhook.target, this.clock, (closed) => {
      this.connections.delete(closed);
      const index = this.free.indexOf(closed);
      if (index >= 0) this.free.splice(index, 1);
    });
    this.connections.add(connection);
    return connection;
  }
}
