import type { ServerResponse } from 'node:http';
import { tooMany, type BotApiAnswer } from './bot-api-registration.js';

/** What may become of a call instead of its answer. */
export type BotApiWeather =
  /** 429 with this `retry_after`. */
  | { readonly kind: 'throttle'; readonly retryAfter: number }
  /** `ok: false` with this code, e.g. 500, 502 or 401. */
  | { readonly kind: 'error'; readonly code: number; readonly description: string }
  /** `ok: false`, its description quotes the address of the request, token and all. */
  | { readonly kind: 'echo' }
  /** The true answer, later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Never an answer. */
  | { readonly kind: 'hang' }
  /** The connection is reset. */
  | { readonly kind: 'reset' }
  /** This body with this status, whatever it is; `headers` e.g. for a redirect. */
  | {
      readonly kind: 'garbage';
      readonly body: string;
      readonly status?: number;
      readonly headers?: Record<string, string>;
    }
  /** A body that does not end. */
  | { readonly kind: 'endless' };

/** Answers a call as the weather has it. */
export function answerInWeather(
  weather: BotApiWeather | undefined,
  { path, response, answer }: { path: string; response: ServerResponse; answer: () => BotApiAnswer },
): void {
  switch (weather?.kind) {
    case undefined:
      return send(response, answer());
    case 'throttle':
      return send(response, tooMany(weather.retryAfter));
    case 'error':
      return send(response, { ok: false, error_code: weather.code, description: weather.description });
    case 'echo':
      return send(response, { ok: false, error_code: 500, description: `Internal Server Error: cannot serve ${path}` });
    case 'slow':
      return sendLater(response, answer(), weather.ms);
    case 'hang':
      return undefined;
    case 'reset':
      return void response.socket?.resetAndDestroy();
    case 'garbage':
      return void response.writeHead(weather.status ?? 200, weather.headers ?? {}).end(weather.body);
    case 'endless':
      return pourOut(response);
  }
}

/** As the Bot API does: the code is the status as well, and `retry_after` a header as well. */
export function send(response: ServerResponse, answer: BotApiAnswer): void {
  const retryAfter = answer.ok ? undefined : answer.parameters?.retry_after;
  response.writeHead(answer.ok ? 200 : answer.error_code, {
    'Content-Type': 'application/json',
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
  });
  response.end(JSON.stringify(answer));
}

function sendLater(response: ServerResponse, answer: BotApiAnswer, ms: number): void {
  const timer = setTimeout(() => send(response, answer), ms);
  response.on('close', () => clearTimeout(timer));
}

function pourOut(response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  const chunk = `"${' '.repeat(64 * 1024)}`;
  const pour = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', pour);
  pour();
}
