import type { OutgoingHttpHeaders } from 'node:http';
import type { Refusal } from './decide-answer.js';

/** An answer ready to be written. Never 1xx, 3xx or 410, never anything of the request, never a field `method`. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

/** The one answer that makes Telegram forget the update. Empty, so that it is read on Telegram's fast path. */
export const ACKNOWLEDGED: Answer = { status: 200, headers: { 'Content-Length': '0' }, body: '' };

interface RefusalText {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly headers?: OutgoingHttpHeaders;
}

const PROBLEMS: Readonly<Partial<Record<Refusal, RefusalText>>> = {
  'unknown-bot': { status: 404, title: 'Not Found', detail: 'This bot is not configured here: see BOTS.' },
  'method-not-allowed': {
    status: 405,
    title: 'Method Not Allowed',
    detail: 'Updates are posted.',
    headers: { Allow: 'POST' },
  },
  'wrong-secret': {
    status: 401,
    title: 'Unauthorized',
    detail: 'X-Telegram-Bot-Api-Secret-Token is missing or wrong: see secret_token of setWebhook and BOTS.',
    // RFC 9110 §15.5.2 wants a challenge; the scheme names the header that carries the secret.
    headers: { 'WWW-Authenticate': 'X-Telegram-Bot-Api-Secret-Token' },
  },
  'not-json': { status: 415, title: 'Unsupported Media Type', detail: 'Send plain application/json.' },
  'too-large': { status: 413, title: 'Content Too Large', detail: 'An update has at most 1 MiB.' },
  malformed: {
    status: 400,
    title: 'Bad Request',
    detail: 'The body must be a JSON object with an integer update_id. The bytes were kept for inspection.',
  },
};

const REFUSED = new Map<Refusal, Answer>(
  (Object.entries(PROBLEMS) as [Refusal, RefusalText][]).map(([refusal, text]) => [refusal, problem(text)]),
);

/** Telegram repeats what it could not deliver after these whole seconds; without them the first repeat is immediate. */
const RETRY_AFTER_SECONDS = { min: 1, max: 3 };

/** @param random uniform in [0, 1): spreads the repeats of many chats over the seconds */
export function answerTo(refusal: Refusal, random: () => number): Answer {
  return REFUSED.get(refusal) ?? comeAgain(refusal === 'overloaded' ? 429 : 503, random());
}

function comeAgain(status: number, random: number): Answer {
  const { min, max } = RETRY_AFTER_SECONDS;
  const seconds = min + Math.floor(random * (max - min + 1));
  return { status, headers: { 'Retry-After': String(seconds), 'Content-Length': '0' }, body: '' };
}

function problem({ status, title, detail, headers }: RefusalText): Answer {
  const body = JSON.stringify({ type: 'about:blank', title, status, detail });
  const length = String(Buffer.byteLength(body));
  return {
    status,
    headers: { ...headers, 'Content-Type': 'application/problem+json', 'Content-Length': length },
    body,
  };
}
