import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TelegramUpdate } from '@onceline/contracts';
import type { Admission } from './admission.js';
import { ACKNOWLEDGED, answerTo, type Answer } from './answers.js';
import type { BotDirectory } from './authenticate-bot.js';
import {
  MAX_BODY_BYTES,
  botIdOf,
  declaredLength,
  refuseByAdmission,
  refuseBytes,
  refuseHead,
  type Refusal,
} from './decide-answer.js';
import { Exchange } from './exchange.js';
import type { Kept } from './keep-update.js';

/** How one exchange ended. Broken off: the sender went away or was too slow, so that there was nobody to answer. */
export type Ending =
  | { readonly how: 'accepted'; readonly update: TelegramUpdate }
  | { readonly how: 'refused'; readonly refusal: Refusal; readonly status: number; readonly cause?: string }
  | { readonly how: 'broken-off' };

/** What the door needs of the rest. */
export interface DoorParts {
  readonly bots: BotDirectory;
  readonly admission: Admission;
  /** Never rejects; resolves once the bytes are safe, or says why they are not. */
  keep(exchange: Exchange, bytes: Buffer): Promise<Kept>;
  ended(exchange: Exchange, ending: Ending): void;
}

/** Strangers who send more than we read get this long to fetch our answer before the connection is cut. */
const LINGER_MS = 1_000;

/** Takes webhook requests from the socket to the answer. All decisions are made elsewhere, in pure functions. */
export class WebhookDoor {
  readonly #receiving = new Set<Exchange>();
  /** Connections on which the rest of a request is thrown away that has its answer already. */
  readonly #answeredEarly = new WeakSet<Socket>();
  #open = 0;
  #emptied: (() => void) | undefined;

  constructor(private readonly parts: DoorParts) {}

  /** False when the path is none of ours. */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const botId = botIdOf(request.url);
    if (botId === undefined) return false;
    const exchange = new Exchange(botId, request, response);
    this.#open += 1;
    response.on('close', () => this.#closed(exchange));
    const refusal = refuseHead(botId, request, this.parts.bots, this.parts.admission.state);
    if (refusal) this.#refuse(exchange, refusal);
    else this.#receive(exchange);
    return true;
  }

  /** Whether the request that now arrives on this connection has had its answer: a second one would be taken for the next. */
  hasAnswered(socket: Socket): boolean {
    return this.#answeredEarly.has(socket);
  }

  /** Refuses what comes from now on, answers what is here; resolves when the last answer has left. */
  async drain(): Promise<void> {
    this.parts.admission.drain();
    for (const exchange of this.#receiving) this.#refuse(exchange, 'shutting-down');
    if (this.#open === 0) return;
    await new Promise<void>((resolve) => (this.#emptied = resolve));
  }

  #receive(exchange: Exchange): void {
    this.#receiving.add(exchange);
    exchange.request.on('data', (chunk: Buffer) => this.#take(exchange, chunk));
    exchange.request.on('end', () => void this.#whole(exchange));
  }

  #take(exchange: Exchange, chunk: Buffer): void {
    if (exchange.answered) return;
    const granted = this.parts.admission.hold(chunk.length);
    if (granted) exchange.add(chunk);
    const refusal = refuseBytes(exchange.heldBytes + (granted ? 0 : chunk.length), granted);
    if (refusal) this.#refuse(exchange, refusal);
  }

  async #whole(exchange: Exchange): Promise<void> {
    if (exchange.answered) return;
    const refusal = refuseByAdmission(this.parts.admission.enter());
    if (refusal) return this.#refuse(exchange, refusal);
    this.#receiving.delete(exchange);
    const kept = await this.parts.keep(exchange, exchange.takeBody());
    this.parts.admission.leave();
    if ('refusal' in kept) this.#refuse(exchange, kept.refusal, kept.cause);
    else this.#acknowledge(exchange, kept.update);
  }

  #acknowledge(exchange: Exchange, update: TelegramUpdate): void {
    this.#answer(exchange, ACKNOWLEDGED);
    this.parts.ended(exchange, { how: 'accepted', update });
  }

  #refuse(exchange: Exchange, refusal: Refusal, cause?: string): void {
    const answer = answerTo(refusal, Math.random);
    this.#answer(exchange, answer);
    const { status } = answer;
    this.parts.ended(exchange, { how: 'refused', refusal, status, ...(cause === undefined ? {} : { cause }) });
  }

  #answer(exchange: Exchange, { status, headers, body }: Answer): void {
    exchange.answered = true;
    this.#release(exchange);
    const { request, response } = exchange;
    if (response.destroyed) return;
    if (!request.complete) this.#discardRest(request);
    const lastOnConnection = this.parts.admission.state === 'draining' || !isBounded(request);
    response.writeHead(status, lastOnConnection ? { ...headers, Connection: 'close' } : headers);
    if (lastOnConnection && !request.complete) this.#endLingering(exchange, body);
    else response.end(body);
  }

  #discardRest(request: IncomingMessage): void {
    this.#answeredEarly.add(request.socket);
    request.once('end', () => this.#answeredEarly.delete(request.socket));
  }

  /** Closing while bytes are still coming in would reset the connection and could take our answer away with it. */
  #endLingering({ request, response }: Exchange, body: string): void {
    if (body === '') response.flushHeaders();
    else response.write(body);
    request.resume();
    const end = () => {
      clearTimeout(timer);
      response.end();
    };
    const timer = setTimeout(end, LINGER_MS);
    request.once('close', end);
  }

  #release(exchange: Exchange): void {
    this.#receiving.delete(exchange);
    this.parts.admission.release(exchange.heldBytes);
    exchange.forget();
  }

  #closed(exchange: Exchange): void {
    if (this.#receiving.has(exchange)) {
      exchange.answered = true;
      this.#release(exchange);
      this.parts.ended(exchange, { how: 'broken-off' });
    }
    this.#open -= 1;
    if (this.#open === 0) this.#emptied?.();
  }
}

/** Whether the rest of the request is small enough to be read and thrown away, so that the connection can live on. */
function isBounded(request: IncomingMessage): boolean {
  return (
    request.complete ||
    (request.headers['transfer-encoding'] === undefined && declaredLength(request.headers) <= MAX_BODY_BYTES)
  );
}
