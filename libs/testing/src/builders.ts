import { HEADERS, conversationKey, idempotencyKey, isMalformed, parseUpdate } from '@onceline/contracts';
import type { OutgoingRecord } from '@onceline/kafka';

/** What a test wants to say about a message; the rest is filled in. */
export interface MessageTraits {
  readonly updateId: number;
  readonly chatId?: number;
  readonly messageId?: number;
  /** Seconds since the epoch. */
  readonly date?: number;
  readonly text?: string;
  readonly from?: { readonly id: number; readonly first_name: string };
}

const NEW_YEAR_2026 = Date.UTC(2026, 0, 1) / 1000;

/** Bytes of a customer's text message in a private chat, as Telegram would post them. Equal traits give equal bytes. */
export function messageUpdate(traits: MessageTraits): Buffer {
  const {
    updateId,
    chatId = 500_001,
    messageId = updateId,
    date = NEW_YEAR_2026,
    text = `message ${updateId}`,
  } = traits;
  const from = { is_bot: false, language_code: 'en', ...(traits.from ?? { id: chatId, first_name: 'Ada' }) };
  const chat = { id: chatId, first_name: from.first_name, type: 'private' };
  return Buffer.from(
    JSON.stringify({ update_id: updateId, message: { message_id: messageId, from, chat, date, text } }),
  );
}

/** The record that the ingress makes of these bytes. @throws Error when they are no update */
export function rawRecord(botId: string, bytes: Buffer, receivedAt = new Date()): OutgoingRecord {
  const update = readable(bytes);
  return {
    key: conversationKey(botId, update),
    value: bytes,
    timestamp: receivedAt.getTime(),
    headers: { [HEADERS.botId]: botId, [HEADERS.receivedAt]: receivedAt.toISOString() },
  };
}

/** The record that dedupe makes of a first copy. @throws Error when the bytes are no update */
export function uniqueRecord(botId: string, bytes: Buffer, receivedAt = new Date()): OutgoingRecord {
  const raw = rawRecord(botId, bytes, receivedAt);
  const update = readable(bytes);
  return {
    ...raw,
    headers: {
      ...raw.headers,
      [HEADERS.idempotencyKey]: idempotencyKey(botId, update),
      [HEADERS.updateKind]: update.kind,
    },
  };
}

function readable(bytes: Buffer) {
  const update = parseUpdate(bytes);
  if (isMalformed(update)) throw new Error(`not an update: ${update.malformed}`);
  return update;
}
