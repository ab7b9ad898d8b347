import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BotRegistration, type BotApiAnswer, type BotApiParameters } from './bot-api-registration.js';
import { answerInWeather, send, type BotApiWeather } from './bot-api-weather.js';
import { wallClock, type Clock } from './clock.js';

/** One call, as it came in. */
export interface BotApiCall {
  readonly botId: string;
  readonly method: string;
  readonly parameters: BotApiParameters;
  /** Milliseconds since 1970 on the clock of the double. */
  readonly at: number;
}

/** The bots there are, by their tokens. */
export interface BotApiOptions {
  readonly tokens: readonly string[];
  readonly clock?: Pick<Clock, 'now'>;
}

/**
 * Telegram's Bot API as far as a webhook needs it: setWebhook with its limit of one call a second, getWebhookInfo and
 * deleteWebhook, by GET or POST, with arguments in the query, as a form or as JSON. No certificates, and no updates: see
 * `createTelegramSimulator` for those.
 */
export class BotApiDouble {
  /** In the order of arrival. */
  readonly calls: BotApiCall[] = [];
  private readonly bots: ReadonlyMap<string, BotRegistration>;
  private readonly weathers: BotApiWeather[] = [];
  private readonly server: Server;
  private readonly now: () => number;

  private constructor({ tokens, clock = wallClock }: BotApiOptions) {
    this.now = () => clock.now();
    this.bots = new Map(tokens.map((token) => [token, new BotRegistration(this.now)]));
    // A caller that goes away amid its request needs no answer.
    this.server = createServer((request, response) => {
      this.serve(request, response).catch(() => response.destroy());
    });
  }

  /** Starts it on a free port of the loopback interface. */
  static async start(options: BotApiOptions): Promise<BotApiDouble> {
    const double = new BotApiDouble(options);
    await new Promise<void>((resolve) => double.server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  /** The base address: what others call https://api.telegram.org. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The bot with this id. */
  bot(id: string): BotRegistration {
    for (const [token, bot] of this.bots) if (token.startsWith(`${id}:`)) return bot;
    throw new RangeError(`there is no bot ${id}`);
  }

  /** What becomes of the next calls, one each; after them the weather is fair again. */
  brew(...weathers: readonly BotApiWeather[]): void {
    this.weathers.push(...weathers);
  }

  /** Calls of one method. */
  callsOf(method: string): readonly BotApiCall[] {
    return this.calls.filter((call) => call.method === method);
  }

  /** Ends it, with all its connections. */
  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, token = '', method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    const body = await bodyOf(request);
    if (!/^\d+:[\w-]+$/.test(token)) return send(response, failure(404, 'Not Found'));
    if (body === undefined) return send(response, failure(400, "Bad Request: can't parse JSON object"));
    const parameters = { ...Object.fromEntries(url.searchParams), ...body };
    const botId = token.slice(0, token.indexOf(':'));
    this.calls.push({ botId, method, parameters, at: this.now() });
    const path = request.url ?? '';
    const answer = () => this.answer(token, method.toLowerCase(), parameters);
    answerInWeather(this.weathers.shift(), { path, response, answer });
  }

  private answer(token: string, method: string, parameters: BotApiParameters): BotApiAnswer {
    const bot = this.bots.get(token);
    if (bot === undefined) return failure(401, 'Unauthorized');
    if (method === 'setwebhook') return bot.setWebhook(parameters);
    if (method === 'deletewebhook') return bot.deleteWebhook(parameters);
    if (method === 'getwebhookinfo') return bot.getWebhookInfo();
    return failure(404, 'Not Found: method not found');
  }
}

function failure(code: number, description: string): BotApiAnswer {
  return { ok: false, error_code: code, description };
}

/** Undefined when it says that it is JSON and is not. */
async function bodyOf(request: IncomingMessage): Promise<BotApiParameters | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const type = request.headers['content-type'] ?? '';
  return type.includes('application/json') ? parsedBody(text) : Object.fromEntries(new URLSearchParams(text));
}

function parsedBody(text: string): BotApiParameters | undefined {
  if (text === '') return {};
  try {
    return JSON.parse(text) as BotApiParameters;
  } catch {
    return undefined;
  }
}
