import { createServer, type RequestListener, type Server, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { WebhookDoor } from './webhook-door.js';

export interface DoorServerLimits {
  /** From the first byte of a request (or from connecting) to the last byte of its body. */
  readonly receiveTimeoutMs: number;
  /** Idle time after which a connection is closed; Telegram itself closes after 60 s. */
  readonly keepAliveMs: number;
}

/**
 * The HTTP server of the process: webhook requests go straight to the door, everything else to Nest.
 * Nest makes its server before the providers exist, so the door is hung in later; the port opens after that.
 */
export class DoorServer {
  #door: WebhookDoor | undefined;
  #cut: ((reason: BrokenHttp) => void) | undefined;
  readonly #connections = new Set<Socket>();
  /** Connections on which Nest owes an answer. */
  readonly #others = new Set<Socket>();
  #closing = false;

  constructor(private readonly limits: DoorServerLimits) {}

  /** @param cut hears of each connection that was cut before there was a request to decide about */
  hang(door: WebhookDoor, cut: (reason: BrokenHttp) => void): void {
    this.#door = door;
    this.#cut = cut;
  }

  create(others: RequestListener): Server {
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      if (!this.#door?.handle(request, response)) this.#handOver(others, request, response);
    };
    const server = createServer(this.#serverOptions(), listener);
    // Telegram takes a 1xx for a failure and the answer behind it for that of the next update: never say "continue".
    server.on('checkContinue', listener);
    server.on('connection', (socket: Socket) => this.#connected(socket));
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => this.#reject(error, socket));
    return server;
  }

  /**
   * Answers all webhook requests, then cuts every connection that is owed nothing. Closing the server alone would not: Node
   * takes a connection that has sent nothing or half a head for busy, and stops looking at time limits once it is closing.
   */
  async drain(): Promise<void> {
    await this.#door?.drain();
    this.#closing = true;
    for (const socket of this.#connections) if (!this.#others.has(socket)) socket.destroy();
  }

  #connected(socket: Socket): void {
    if (this.#closing) {
      socket.destroy();
      return;
    }
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
  }

  #handOver(others: RequestListener, request: IncomingMessage, response: ServerResponse): void {
    this.#others.add(request.socket);
    response.on('close', () => this.#others.delete(request.socket));
    others(request, response);
  }

  #serverOptions() {
    const { receiveTimeoutMs, keepAliveMs } = this.limits;
    // Node looks at its connections in intervals; the limit is meant as an upper bound, so the interval is taken off.
    const connectionsCheckingInterval = Math.min(500, Math.ceil(receiveTimeoutMs / 10));
    const requestTimeout = receiveTimeoutMs - connectionsCheckingInterval;
    return {
      connectionsCheckingInterval,
      requestTimeout,
      headersTimeout: requestTimeout,
      keepAliveTimeout: keepAliveMs,
    };
  }

  #reject(error: NodeJS.ErrnoException, socket: Socket): void {
    const reason = brokenHttp(error.code);
    if (reason === undefined || socket.destroyed) {
      socket.destroy();
      return;
    }
    this.#cut?.(reason);
    if (socket.writable && !this.#door?.hasAnswered(socket)) {
      socket.write(`HTTP/1.1 ${STATUS_LINES[reason]}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    }
    socket.destroy();
  }
}

/** Why a connection was cut before there was a request to decide about. */
export const BROKEN_HTTP = ['receive-timeout', 'head-too-large', 'not-http'] as const;

export type BrokenHttp = (typeof BROKEN_HTTP)[number];

const STATUS_LINES: Readonly<Record<BrokenHttp, string>> = {
  'receive-timeout': '408 Request Timeout',
  'head-too-large': '431 Request Header Fields Too Large',
  'not-http': '400 Bad Request',
};

/** Undefined when the connection itself broke, so that there is nobody to tell. */
function brokenHttp(code = ''): BrokenHttp | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'receive-timeout';
  if (code === 'HPE_HEADER_OVERFLOW') return 'head-too-large';
  return code.startsWith('HPE_') ? 'not-http' : undefined;
}
