import type { IncomingHttpHeaders } from 'node:http';
import type { AdmissionState } from './admission.js';
import type { BotDirectory } from './authenticate-bot.js';

/** Telegram's server builds updates of at most 512 KiB; twice that leaves room and bounds strangers. */
export const MAX_BODY_BYTES = 1024 * 1024;

export const WEBHOOK_PATH = '/telegram/';

/** Why a request gets no 200. The list is closed: metrics and answers are made from it. */
export const REFUSALS = [
  'unknown-bot',
  'method-not-allowed',
  'wrong-secret',
  'not-json',
  'too-large',
  'malformed',
  'overloaded',
  'broker-unavailable',
  'shutting-down',
  'internal-error',
] as const;

export type Refusal = (typeof REFUSALS)[number];

/** What is known before the body. */
export interface RequestHead {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** The bot id in the path of a webhook request; undefined when the path is none of ours. */
export function botIdOf(url: string | undefined): string | undefined {
  if (!url?.startsWith(WEBHOOK_PATH)) return undefined;
  const query = url.indexOf('?', WEBHOOK_PATH.length);
  return query < 0 ? url.slice(WEBHOOK_PATH.length) : url.slice(WEBHOOK_PATH.length, query);
}

/** First decision, from the head alone: undefined = read the body. Strangers learn nothing about our state. */
export function refuseHead(
  botId: string,
  { method, headers }: RequestHead,
  bots: BotDirectory,
  admission: AdmissionState,
): Refusal | undefined {
  if (!bots.has(botId)) return 'unknown-bot';
  if (method !== 'POST') return 'method-not-allowed';
  if (!bots.authenticates(botId, secretOf(headers))) return 'wrong-secret';
  if (!isJson(headers)) return 'not-json';
  if (declaredLength(headers) > MAX_BODY_BYTES) return 'too-large';
  return refuseByAdmission(admission);
}

/** Second decision, while the body arrives: undefined = go on. */
export function refuseBytes(bytesSoFar: number, memoryGranted: boolean): Refusal | undefined {
  if (bytesSoFar > MAX_BODY_BYTES) return 'too-large';
  return memoryGranted ? undefined : 'overloaded';
}

/** Third decision, when the body is whole: the state may have changed since the head. */
export function refuseByAdmission(admission: AdmissionState): Refusal | undefined {
  if (admission === 'draining') return 'shutting-down';
  return admission === 'full' ? 'overloaded' : undefined;
}

/** Bytes the sender promises; 0 when it does not say (chunked). */
export function declaredLength(headers: IncomingHttpHeaders): number {
  const length = headers['content-length'];
  return length === undefined ? 0 : Number(length);
}

function secretOf(headers: IncomingHttpHeaders): string | undefined {
  const secret = headers['x-telegram-bot-api-secret-token'];
  return typeof secret === 'string' ? secret : undefined;
}

function isJson(headers: IncomingHttpHeaders): boolean {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') return false;
  const type = headers['content-type'];
  return type === 'application/json' || (type !== undefined && JSON_TYPE.test(type));
}

const JSON_TYPE = /^\s*application\/json\s*(;|$)/i;
