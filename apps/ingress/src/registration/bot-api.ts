import { z } from 'zod';
import { BotApiError, withoutToken } from './bot-api-failure.js';
import type { WebhookOrder } from './managed-bots.js';
import { webhookInfoSchema, type WebhookInfo } from './webhook-info.js';

export interface BotApiOptions {
  readonly baseUrl: string;
  readonly timeoutMs: number;
  /** Ends every call, e.g. when the service stops. */
  readonly signal?: AbortSignal | undefined;
}

/** No answer that we ask for is nearly as long. */
const MOST_ANSWER_BYTES = 256 * 1024;
/** Longer ones are not believed. */
const LONGEST_RETRY_AFTER_S = 3_600;

const envelope = z.union([
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({
    ok: z.literal(false),
    error_code: z.number().optional(),
    description: z.string().optional(),
    parameters: z.object({ retry_after: z.number().optional() }).optional(),
  }),
]);

type Envelope = z.infer<typeof envelope>;
type Refusal = Extract<Envelope, { ok: false }>;

interface RawAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

/**
 * The two calls of the Bot API that the guardian needs, for one bot. The token stands in the path, as Telegram wants it, and
 * nowhere else: no error of this class carries the address, nor the cause that could. `fetch`, because the tracing of
 * Node's own client would write the address into a span.
 */
export class BotApi {
  constructor(
    private readonly token: string,
    private readonly options: BotApiOptions,
  ) {}

  async getWebhookInfo(): Promise<WebhookInfo> {
    const info = webhookInfoSchema.safeParse(await this.#call('getWebhookInfo', {}));
    if (!info.success) throw new BotApiError('garbled', 'getWebhookInfo: the answer is no WebhookInfo');
    const { last_error_message: message, ...rest } = info.data;
    return message === undefined ? rest : { ...rest, last_error_message: withoutToken(message, this.token) };
  }

  /** Safe to repeat: identical arguments change nothing. */
  async setWebhook(order: WebhookOrder): Promise<void> {
    const result = await this.#call('setWebhook', order);
    if (result !== true) throw new BotApiError('garbled', 'setWebhook: the answer is not true');
  }

  async #call(method: string, parameters: object): Promise<unknown> {
    const answer = await this.#exchange(method, parameters);
    const parsed = envelope.safeParse(parseJson(answer.text));
    if (!parsed.success) throw this.#unreadable(method, answer);
    if (parsed.data.ok) return parsed.data.result;
    throw this.#refusal(method, parsed.data, answer);
  }

  async #exchange(method: string, parameters: object): Promise<RawAnswer> {
    const { baseUrl, timeoutMs, signal } = this.options;
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(`${baseUrl}/bot${this.token}/${method}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(parameters),
        // A redirect would carry the token to whoever is named in it.
        redirect: 'manual',
        signal: signal === undefined ? limit : AbortSignal.any([limit, signal]),
      });
      const text = await readBounded(response);
      return { status: response.status, retryAfter: response.headers.get('retry-after'), text };
    } catch (error) {
      if (signal?.aborted) throw new BotApiError('unreachable', `${method}: interrupted`, undefined, false);
      if (limit.aborted) throw new BotApiError('timeout', `${method}: no answer within ${timeoutMs} ms`);
      throw new BotApiError('unreachable', `${method}: ${causeOf(error)}`);
    }
  }

  #unreadable(method: string, { status, retryAfter }: RawAnswer): BotApiError {
    const wait = retryAfterMs(undefined, retryAfter);
    if (status === 429)
      return new BotApiError('throttled', `${method}: 429 from in front of the Bot API`, wait ?? 1_000);
    return new BotApiError('garbled', `${method}: the answer (status ${status}) is not that of a Bot API`, wait);
  }

  #refusal(method: string, { error_code, description = '', parameters }: Refusal, answer: RawAnswer): BotApiError {
    const code = error_code ?? answer.status;
    const wait = retryAfterMs(parameters?.retry_after, answer.retryAfter);
    const message = `${method}: ${code} ${withoutToken(description, this.token)}`;
    if (code === 429) return new BotApiError('throttled', message, wait ?? 1_000);
    return new BotApiError('refused', message, wait, code >= 500);
  }
}

/** Chunk by chunk, so that an endless answer ends here. */
async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += (chunk as Uint8Array).length;
    if (bytes > MOST_ANSWER_BYTES) return '';
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function retryAfterMs(said: number | undefined, header: string | null): number | undefined {
  const seconds = said ?? (header !== null && /^\d{1,9}$/.test(header) ? Number(header) : undefined);
  if (seconds === undefined || !(seconds >= 0)) return undefined;
  return Math.min(seconds, LONGEST_RETRY_AFTER_S) * 1000;
}

/** The code alone: messages of the HTTP client may quote the address. */
function causeOf(error: unknown): string {
  const causes = [error, (error as { cause?: unknown } | undefined)?.cause];
  const codes = causes.map((one) => (one as { code?: unknown } | undefined)?.code);
  const code = codes.find((one): one is string => typeof one === 'string' && /^[A-Z_0-9]{2,60}$/.test(one));
  return `the Bot API cannot be reached${code === undefined ? '' : ` (${code})`}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
