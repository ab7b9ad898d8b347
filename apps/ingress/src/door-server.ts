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

  constructor(private readonly limits: DoorServerLimits) {}

  /** @param cut hears of each connection that was cut before there was a request to decide about */
  hang(door: WebhookDoor, cut: (reason: BrokenHttp) => void): void {
    this.#door = door;
    this.#cut = cut;
  }

  create(others: RequestListener): Server {
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      if (!this.#door?.handle(request, response)) others(request, response);
    };
    const server = createServer(this.#serverOptions(), listener);
    // Telegram takes a 1xx for a failure and the answer behind it for that of the next update: never say "continue".
    server.on('checkContinue', listener);
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => this.#reject(error, socket));
    return server;
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
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    const reason = brokenHttp(error.code);
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

function brokenHttp(code: string | undefined): BrokenHttp {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'receive-timeout';
  return code === 'HPE_HEADER_OVERFLOW' ? 'head-too-large' : 'not-http';
}
