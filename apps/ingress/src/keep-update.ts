import { isMalformed, parseUpdate, type TelegramUpdate } from '@onceline/contracts';
import { KafkaError } from '@onceline/kafka';
import type { Refusal } from './decide-answer.js';
import { malformedRecord, rawRecord, type AddressedRecord, type Delivery } from './record-update.js';

/** What became of a body: acknowledged by all in-sync replicas as an update, or the reason why there is no 200. */
export type Kept = { readonly update: TelegramUpdate } | { readonly refusal: Refusal; readonly cause?: string };

/** Resolves once all in-sync replicas have the record; rejects when they did not say so in time. */
export type Store = (addressed: AddressedRecord) => Promise<unknown>;

/**
 * Brings the bytes into Kafka, whatever they are: an update into the raw topic, anything else into the dead letters.
 * Never rejects: a failure is a refusal that makes Telegram come again.
 */
export async function keepUpdate(delivery: Delivery, store: Store): Promise<Kept> {
  try {
    const parsed = parseUpdate(delivery.bytes);
    if (!isMalformed(parsed)) {
      await store(rawRecord(delivery, parsed));
      return { update: parsed };
    }
    await store(malformedRecord(delivery, parsed));
    return { refusal: 'malformed', cause: parsed.malformed };
  } catch (error) {
    return refusalFor(error);
  }
}

function refusalFor(error: unknown): Kept {
  if (!(error instanceof KafkaError)) return { refusal: 'internal-error', cause: placeOf(error) };
  const refusal = error.code === 'closed' ? 'shutting-down' : 'broker-unavailable';
  return { refusal, cause: `${error.code}: ${error.message}` };
}

/** Where a defect of ours lies. Without its message, which could quote the body. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'not an error';
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [error.name, ...frames.slice(0, 3).map((frame) => frame.trim())].join(' ');
}
