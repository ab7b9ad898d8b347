/*
 * A scripted receiver on a real socket, for the specs of the sender. The clock runs a hundred times faster, so that 60 seconds are
 * 0.6 s; times are in the simulator's seconds.
 */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

import type { Attempt } from './bot-sender.js';
import { acceleratedClock } from './clock.js';
import { serialiseUpdate } from './generate-updates.js';
import type { StoredUpdate } from './generate-updates.js';
import { createTelegramSimulator, type SimulatorOptions, type TelegramSimulator } from './simulator.js';

export interface Received {
  head: string;
  body: string;
  updateId: number;
  connection: number;
}

/** Answers with these bytes, or does something to the socket. */
export type Script = (request: Received, socket: Socket) => string | void;

export const clock = acceleratedClock(100);
export const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
export const answer = (status: string, ...headers: string[]): string =>
  [`HTTP/1.1 ${status}`, ...headers, 'Content-Length: 0', '', ''].join('\r\n');

export class Receiver {
  readonly requests: Received[] = [];
  connections = 0;
  closedAt: number[] = [];
  script: Script = () => ok;
  private readonly sockets = new Set<Socket>();
  private readonly server: Server = createServer({ noDelay: true }, (socket) => this.serve(socket));

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.sockets.forEach((socket) => socket.destroy());
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private serve(socket: Socket): void {
    const connection = ++this.connections;
    let text = '';
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.closedAt.push(clock.now() / 1000);
    });
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (let end = requestEnd(text); end !== undefined && end <= text.length; end = requestEnd(text)) {
        const [head = '', body = ''] = [
          text.slice(0, text.indexOf('\r\n\r\n') + 4),
          text.slice(text.indexOf('\r\n\r\n') + 4, end),
        ];
        text = text.slice(end);
        const updateId = Number(/"update_id":(\d+)/.exec(body)?.[1]);
        const request = { head, body, updateId, connection };
        this.requests.push(request);
        const bytes = this.script(request, socket);
        if (typeof bytes === 'string') socket.write(bytes, 'latin1');
      }
    });
  }
}

function requestEnd(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  return headEnd < 0 ? undefined : headEnd + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1]);
}

export const update = (updateId: number, queue = updateId, life = 86_400): StoredUpdate => ({
  updateId,
  kind: 'message',
  queue,
  expiresAt: clock.now() / 1000 + life,
  body: serialiseUpdate(updateId, 'message', { message_id: 1, text: 'привет' }),
});

/** A receiver and a simulator that posts at it. */
export class Stage {
  receiver = new Receiver();
  attempts: Attempt[] = [];
  private simulator: TelegramSimulator | undefined;

  /** Makes a fresh simulator for one bot. */
  play(options: Partial<SimulatorOptions> & { maxConnections?: number } = {}): TelegramSimulator {
    const { maxConnections = 40, ...rest } = options;
    const url = `http://127.0.0.1:${this.receiver.port}/telegram/42?a=b`;
    const bots = [{ id: '42', secret: 'the_secret-1', url, maxConnections }];
    this.simulator = createTelegramSimulator({
      seed: 1,
      bots,
      clock,
      onAttempt: (attempt) => this.attempts.push(attempt),
      ...rest,
    });
    return this.simulator;
  }

  get telegram(): TelegramSimulator {
    if (this.simulator === undefined) throw new Error('play() comes first');
    return this.simulator;
  }

  /** Answers the n-th request with the n-th script, and all later ones with 200. */
  inTurn(...scripts: (Script | string)[]): void {
    this.receiver.script = (request, socket) => {
      const script = scripts[this.receiver.requests.length - 1] ?? ok;
      return typeof script === 'string' ? script : script(request, socket);
    };
  }

  /** Update ids in order of arrival. */
  sent(): number[] {
    return this.receiver.requests.map(({ updateId }) => updateId);
  }

  /** Seconds that the n-th attempt took (from 0). Read off the sender, so that a busy machine cannot make it shorter than it was. */
  took(attempt: number): number {
    const { sentAt = NaN, endedAt = NaN } = this.attempts[attempt] ?? {};
    return (endedAt - sentAt) / 1000;
  }

  /** Seconds between the end of the n-th attempt and the next one. */
  waitAfter(attempt: number): number {
    return ((this.attempts[attempt + 1]?.sentAt ?? NaN) - (this.attempts[attempt]?.endedAt ?? NaN)) / 1000;
  }

  lastError(): string | undefined {
    return this.telegram.webhookInfo('42').last_error_message;
  }

  async open(): Promise<void> {
    this.receiver = new Receiver();
    this.attempts = [];
    await this.receiver.listen();
  }

  async close(): Promise<void> {
    this.simulator?.stop();
    await this.receiver.close();
  }
}

/** Waits, in real time, until something has come true. */
export async function eventually(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 1000) throw new Error('eventually: it never came true');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The most that a busy machine may delay anything here, in the simulator's seconds. */
export const tolerance = 120;
