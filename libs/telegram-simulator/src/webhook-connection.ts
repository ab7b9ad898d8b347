import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';

import type { Clock } from './clock.js';
import { parseResponse, type WebhookResponse } from './http-response.js';

/** How one request ended. `error` is what getWebhookInfo would show; a clean close by the receiver shows nothing. */
export type Outcome =
  { type: 'answered'; response: WebhookResponse } | { type: 'failed'; cause: FailureCause; error: string | undefined };

/** Why a request got no usable answer. */
export type FailureCause = 'timeout' | 'closed' | 'connection' | 'framing' | 'answer-dropped';

/** What is done to the answer of a request. */
export type AnswerFault = 'drop-answer' | 'late-answer';

/** Where a connection goes. */
export interface Target {
  host: string;
  port: number;
  secure: boolean;
  tls: ConnectionOptions;
}

interface InFlight {
  fault: AnswerFault | undefined;
  onDone: (outcome: Outcome) => void;
}

const patience = 60_000;
const empty = Buffer.alloc(0);
const errorTexts: Record<string, string> = {
  ECONNREFUSED: 'Connection refused',
  ECONNRESET: 'Connection reset by peer',
  EPIPE: 'Broken pipe',
  ETIMEDOUT: 'Connection timed out',
};

/**
 * One connection to a webhook: one request at a time, no pipelining. A single 60-second timer watches it, re-armed only when it is
 * created, when a request is queued and when an answer is complete, so that it is time limit and idle limit in one.
 */
export class WebhookConnection {
  private readonly socket: Socket;
  private inFlight: InFlight | undefined;
  private buffered: Buffer = empty;
  private deadline: number;
  private stopTimer: () => void;
  private open = true;

  constructor(
    target: Target,
    private readonly clock: Clock,
    private readonly onClosed: (connection: WebhookConnection) => void,
  ) {
    const address = { host: target.host, port: target.port, noDelay: true };
    this.socket = target.secure
      ? connectTls({ servername: target.host, ...target.tls, ...address })
      : connectPlain(address);
    this.socket.on('data', (bytes: Buffer) => this.receive(bytes));
    this.socket.on('end', () => this.fail('closed', undefined));
    this.socket.on('close', () => this.fail('closed', undefined));
    this.socket.on('error', (error: NodeJS.ErrnoException) =>
      this.fail('connection', errorTexts[error.code ?? ''] ?? error.message),
    );
    this.deadline = clock.now() + patience;
    this.stopTimer = clock.setTimer(() => this.onTimer(), patience);
  }

  /** Sends one request. A connection counts as ready before it is established; the time to connect is part of the 60 s. */
  send(request: Buffer, onDone: (outcome: Outcome) => void, fault?: AnswerFault): void {
    this.inFlight = { fault, onDone };
    this.deadline = this.clock.now() + patience;
    this.socket.write(request);
    // Bytes left over from an earlier answer answer this request.
    if (this.buffered.length > 0) queueMicrotask(() => this.read());
  }

  /** Closes without a word to anybody. */
  destroy(): void {
    this.inFlight = undefined;
    this.close();
  }

  get isOpen(): boolean {
    return this.open;
  }

  private receive(bytes: Buffer): void {
    if (this.inFlight?.fault === 'drop-answer') {
      this.fail('answer-dropped', 'Connection closed');
      return;
    }
    if (this.inFlight?.fault === 'late-answer') return;
    this.buffered = this.buffered.length === 0 ? bytes : Buffer.concat([this.buffered, bytes]);
    this.read();
  }

  private read(): void {
    if (this.inFlight === undefined || !this.open) return;
    const result = parseResponse(this.buffered);
    if (result.state === 'incomplete') return;
    if (result.state === 'broken') {
      this.fail('framing', `Wrong response from the webhook: ${result.reason}`);
      return;
    }
    const { response, consumed } = result;
    this.buffered = consumed === this.buffered.length ? empty : this.buffered.subarray(consumed);
    this.deadline = this.clock.now() + patience;
    if (!response.keepAlive || response.status === 410) this.close();
    this.settle({ type: 'answered', response });
  }

  private onTimer(): void {
    const left = this.deadline - this.clock.now();
    if (left > 0.5) {
      this.stopTimer = this.clock.setTimer(() => this.onTimer(), left);
      return;
    }
    this.fail('timeout', this.socket.writableLength > 0 ? 'Write timeout expired' : 'Read timeout expired');
  }

  private fail(cause: FailureCause, error: string | undefined): void {
    this.close();
    this.settle({ type: 'failed', cause, error });
  }

  private settle(outcome: Outcome): void {
    const { inFlight } = this;
    this.inFlight = undefined;
    inFlight?.onDone(outcome);
  }

  private close(): void {
    if (!this.open) return;
    this.open = false;
    this.stopTimer();
    this.socket.destroy();
    this.onClosed(this);
  }
}
