import { HEADERS, TOPICS, conversationKey, type MalformedUpdate, type TelegramUpdate } from '@onceline/contracts';
import type { OutgoingRecord } from '@onceline/kafka';

/** A body as it came in. */
export interface Delivery {
  readonly botId: string;
  /** Exactly as received; stored as they are. */
  readonly bytes: Buffer;
  /** Milliseconds since the epoch at which the body was whole. */
  readonly receivedAt: number;
}

/** A record and where it goes. */
export interface AddressedRecord {
  readonly topic: string;
  readonly record: OutgoingRecord;
}

/** Telegram's update as a record of the raw topic; copies of one update and updates of one chat share a partition. */
export function rawRecord({ botId, bytes, receivedAt }: Delivery, update: TelegramUpdate): AddressedRecord {
  return {
    topic: TOPICS.raw,
    record: {
      key: conversationKey(botId, update),
      value: bytes,
      timestamp: receivedAt,
      headers: deliveryHeaders(botId, receivedAt),
    },
  };
}

/** Authentic bytes that are no update: kept for a person to look at. No key, for there is no conversation. */
export function malformedRecord(
  { botId, bytes, receivedAt }: Delivery,
  { malformed }: MalformedUpdate,
): AddressedRecord {
  return {
    topic: TOPICS.ingressDeadLetter,
    record: {
      key: null,
      value: bytes,
      timestamp: receivedAt,
      headers: {
        ...deliveryHeaders(botId, receivedAt),
        [HEADERS.failureKind]: 'permanent',
        [HEADERS.failureCode]: 'malformed-update',
        [HEADERS.failureMessage]: malformed,
      },
    },
  };
}

function deliveryHeaders(botId: string, receivedAt: number): Record<string, string> {
  return { [HEADERS.botId]: botId, [HEADERS.receivedAt]: asText(receivedAt) };
}

let lastTime = NaN;
let lastText = '';

/** RFC 3339. Under load many updates come in one millisecond, and the text costs more than all else in the record. */
function asText(time: number): string {
  if (time !== lastTime) {
    lastTime = time;
    lastText = new Date(time).toISOString();
  }
  return lastText;
}
