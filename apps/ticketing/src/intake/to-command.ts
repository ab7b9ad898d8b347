import {
  conversationKey,
  HEADERS,
  idempotencyKey,
  isBotId,
  isMalformed,
  parseUpdate,
  readableText,
  type TelegramUpdate,
} from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import type { BotPolicy } from '../policy/bot-policy.js';
import type { IntakeCommand } from '../ticket/commands.js';
import { deletedMessageIds } from './deleted-messages.js';
import { deliveryOf, type Delivery } from './delivery.js';
import type { IgnoredReason } from './ignored-reasons.js';
import { happeningCommand } from './happening-command.js';
import { messageCommand, type Origin } from './message-command.js';
import { migrationCommand } from './migration-command.js';
import { personMessage } from './person-message.js';
import { defect, permanent, type UpdateFailure } from './update-failure.js';

export type Verdict =
  | { readonly type: 'command'; readonly command: IntakeCommand }
  | { readonly type: 'ignored'; readonly reason: IgnoredReason }
  | { readonly type: 'failed'; readonly failure: UpdateFailure };

/** A record with what it asks for. */
export interface ReceivedUpdate {
  readonly idempotencyKey: string;
  readonly botId: string;
  readonly updateKind: string;
  /** RFC 3339 UTC. */
  readonly receivedAt: string;
  readonly record: ConsumedRecord;
  readonly delivery: Delivery;
  readonly verdict: Verdict;
  /**
   * What the update is kept in order with, whatever becomes of its verdict. A message that can only be of one conversation: that one, so that
   * one customer's trouble does not hold up a whole group. Anything else: the key that Kafka keeps in order, which in a private chat is the same.
   */
  readonly scope: string;
}

/** Longer keys are not ours: each of the six parts is capped. In bytes, because an index entry must fit a page. */
const MAX_KEY_BYTES = 1024;

/** What holds for a bot. */
export type PolicyOf = (botId: string) => BotPolicy;

/** Reads a record. Never throws: what cannot be read is a verdict too, so that its neighbours go on. */
export function receive(record: ConsumedRecord, policyOf: PolicyOf): ReceivedUpdate {
  try {
    return read(record, policyOf);
  } catch (error) {
    return unreadable(record, defect('reading the record', error));
  }
}

function read(record: ConsumedRecord, policyOf: PolicyOf): ReceivedUpdate {
  const botId = record.headers[HEADERS.botId];
  if (botId === undefined || !isBotId(botId)) {
    return unreadable(record, permanent('missing-header', `header ${HEADERS.botId} is missing or no bot id`));
  }
  const update = parseUpdate(record.value ?? Buffer.alloc(0));
  if (isMalformed(update)) return unreadable(record, permanent('malformed-update', update.malformed));
  const key = keyOf(record, botId, update);
  const delivery = deliveryOf(record);
  if (delivery.type === 'again' && isOfAnother(key, update)) {
    return unreadable(
      record,
      permanent('another-update', `the payload is update ${update.updateId}, the key another's`),
    );
  }
  const identity = {
    idempotencyKey: key,
    botId,
    updateKind: readableText(update.kind).slice(0, 128),
    receivedAt: receivedAt(record),
    record,
    delivery,
  };
  return withScope({ ...identity, verdict: verdictOf(update, identity, policyOf(botId)) });
}

function withScope(update: Omit<ReceivedUpdate, 'scope'>): ReceivedUpdate {
  const { record, verdict, idempotencyKey } = update;
  const recordScope = record.key !== null && isUsableKey(record.key) ? record.key : idempotencyKey;
  return { ...update, scope: conversationOf(verdict) ?? recordScope };
}

/** Null for what may be of several. */
function conversationOf(verdict: Verdict): string | null {
  return verdict.type === 'command' && 'conversation' in verdict.command ? verdict.command.conversation : null;
}

function verdictOf(
  update: TelegramUpdate,
  identity: Omit<ReceivedUpdate, 'verdict' | 'scope'>,
  policy: BotPolicy,
): Verdict {
  const { idempotencyKey: key, botId, receivedAt: occurredAt } = identity;
  const scope = conversationKey(botId, update);
  const origin = { idempotencyKey: key, botId, scope, occurredAt };
  if (update.kind === 'deleted_business_messages') {
    return { type: 'command', command: deletionsOf(update, origin) };
  }
  const migration = migrationCommand(update, origin);
  if (migration) return { type: 'command', command: migration };
  const happening = happeningCommand(update, origin);
  if (happening) return { type: 'command', command: happening };
  const found = personMessage(update);
  if ('ignored' in found) return { type: 'ignored', reason: found.ignored };
  if ('unreadable' in found) {
    return { type: 'failed', failure: permanent('unreadable-message', found.unreadable) };
  }
  return { type: 'command', command: messageCommand(found, origin, policy) };
}

function deletionsOf(
  { payload }: TelegramUpdate,
  { idempotencyKey: key, botId, scope, occurredAt }: Origin,
): IntakeCommand {
  const place = { botId, chatId: scope.slice(botId.length + 1) };
  const messageIds = deletedMessageIds(payload);
  return { type: 'record-message-deletions', idempotencyKey: key, ...place, messageIds, occurredAt };
}

/**
 * Whether a ticket can be about the update's scope: the key of a whole group is none, since each customer in it has a conversation, and
 * neither is a key made up for an update that came without one.
 */
export function canHaveTicket({ scope, idempotencyKey }: ReceivedUpdate): boolean {
  return scope !== idempotencyKey && !/:-\d*$/.test(scope);
}

function keyOf(record: ConsumedRecord, botId: string, update: TelegramUpdate): string {
  const key = record.headers[HEADERS.idempotencyKey];
  return key !== undefined && isUsableKey(key) ? key : idempotencyKey(botId, update);
}

/**
 * A correction may change anything but which update it is: a payload under another's key would open a ticket for a message that is never
 * recorded under its own. Every key of ours ends in the update id.
 */
function isOfAnother(key: string, { updateId }: TelegramUpdate): boolean {
  return key.startsWith('tg1:') && !key.endsWith(`:${updateId}`);
}

/** Whether the ledger can hold a key as it is. */
export function isUsableKey(key: string): boolean {
  return key !== '' && Buffer.byteLength(key) <= MAX_KEY_BYTES && readableText(key) === key;
}

function receivedAt(record: ConsumedRecord): string {
  const candidates = [new Date(record.headers[HEADERS.receivedAt] ?? Number.NaN), new Date(record.timestamp)];
  return (candidates.find(isPlausible) ?? new Date(0)).toISOString();
}

/** Within the years that RFC 3339 and PostgreSQL write alike. */
function isPlausible(time: Date): boolean {
  return time.getTime() >= 0 && time.getTime() < Date.UTC(10_000, 0);
}

/** A record without identity is settled under its position, which never changes. */
function unreadable(record: ConsumedRecord, failure: UpdateFailure): ReceivedUpdate {
  const { headers, topic, partition, offset } = record;
  const key = headers[HEADERS.idempotencyKey];
  return withScope({
    idempotencyKey: key !== undefined && isUsableKey(key) ? key : `unidentified:${topic}:${partition}:${offset}`,
    botId: readableText(headers[HEADERS.botId] ?? '').slice(0, 128),
    updateKind: readableText(headers[HEADERS.updateKind] ?? 'none').slice(0, 128),
    receivedAt: receivedAt(record),
    record,
    delivery: deliveryOf(record),
    verdict: { type: 'failed', failure },
  });
}
