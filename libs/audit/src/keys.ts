import { HEADERS, idempotencyKey, isMalformed, parseUpdate } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';

const LONGEST_BOT_ID = 20;

/** The checker's own statement of what names a bot, so that a service with another rule is found out. */
export function namesBot(text: string): boolean {
  if (text.length === 0 || text.length > LONGEST_BOT_ID) return false;
  return [...text].every((character) => character >= '0' && character <= '9');
}

/** The key by the bytes and the bot alone: what a service wrote into a header is not believed. Null for what is no update. */
export function keyOf({ headers, value }: Pick<ConsumedRecord, 'headers' | 'value'>): string | null {
  const botId = headers[HEADERS.botId];
  if (value === null || botId === undefined || !namesBot(botId)) return null;
  const update = parseUpdate(value);
  return isMalformed(update) ? null : idempotencyKey(botId, update);
}

/**
 * Which update a record of ticketing's own topics is about, and the redrive that brought it. A redrive may carry a corrected payload,
 * and a dead letter bytes that nobody can read: then the header is all there is.
 */
export function nameOf(record: Pick<ConsumedRecord, 'headers' | 'value'>): { key: string; redriveId: string | null } {
  const redriveId = record.headers['redrive-id'] ?? null;
  const said = record.headers[HEADERS.idempotencyKey] ?? 'no idempotency-key';
  return { key: redriveId === null ? (keyOf(record) ?? said) : said, redriveId };
}
