import { idempotencyKey, parseUpdate, TOPICS, UPDATE_KINDS, type TelegramUpdate } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import fc from 'fast-check';
import { received as receive } from '../store/fixtures.spec.js';
import { STANDARD_POLICY } from '../policy/bot-policy.js';
import { IGNORED_REASONS, type IgnoredReason } from './ignored-reasons.js';
import type { ReceivedUpdate } from './to-command.js';
import { FAILURE_CODES } from './update-failure.js';

const customer = { id: 42, is_bot: false, first_name: 'Ada' };
const privateChat = { id: 42, type: 'private' };
const group = { id: -100, type: 'supergroup' };
const privateMessage = { message_id: 1, date: 1_760_000_000, chat: privateChat, from: customer, text: 'Hello' };
const groupMessage = { ...privateMessage, chat: group };

function record(value: unknown, changes: Partial<ConsumedRecord> = {}): ConsumedRecord {
  return {
    topic: TOPICS.unique,
    partition: 3,
    offset: 9,
    timestamp: 1_760_000_002_000,
    key: '7:42',
    value: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
    headers: { 'bot-id': '7', 'received-at': '2025-10-09T08:53:21.123Z' },
    ...changes,
  };
}

const receiveKind = (kind: string, payload: unknown): ReceivedUpdate =>
  receive(record({ update_id: 5, [kind]: payload }));
const receiveMessage = (changes: object, message: object = privateMessage) =>
  receiveKind('message', { ...message, ...changes });

function commandOf(update: ReceivedUpdate) {
  const { verdict } = update;
  if (verdict.type !== 'command' || verdict.command.type !== 'record-customer-message') {
    throw new Error(`no customer's message but ${JSON.stringify(verdict)}`);
  }
  return verdict.command;
}
const reasonOf = ({ verdict }: ReceivedUpdate) => (verdict.type === 'ignored' ? verdict.reason : verdict);
const failureOf = ({ verdict }: ReceivedUpdate) => (verdict.type === 'failed' ? verdict.failure.code : verdict);

describe('a customer message becomes a command', () => {
  it('with the times and ids of the update', () => {
    const update = receiveMessage({});
    expect(update).toMatchObject({ idempotencyKey: 'tg1:7:message:42:1:5', botId: '7', updateKind: 'message' });
    expect(commandOf(update)).toEqual({
      type: 'record-customer-message',
      idempotencyKey: 'tg1:7:message:42:1:5',
      botId: '7',
      chatId: '42',
      conversation: '7:42',
      topicId: null,
      sender: { id: '42', name: 'Ada', username: null },
      messageId: 1,
      text: 'Hello',
      attachments: [],
      mediaGroupId: null,
      isBotCommand: false,
      sentAt: '2025-10-09T08:53:20.000Z',
      editedAt: null,
      occurredAt: '2025-10-09T08:53:21.123Z',
      newTicketId: expect.stringMatching(/^t_[0-9a-f]{24}$/) as string,
      policy: STANDARD_POLICY.conversation,
    });
  });

  it('with the caption of a picture, and without words when there are none', () => {
    expect(commandOf(receiveMessage({ text: undefined, caption: 'Look' })).text).toBe('Look');
    expect(commandOf(receiveMessage({ text: undefined, photo: [] })).text).toBeNull();
  });

  it('with the time of the edit when it is one, in private and in a business chat', () => {
    const edited = { ...privateMessage, edit_date: 1_760_000_060 };
    const business = { ...edited, business_connection_id: 'b' };
    for (const update of [receiveKind('edited_message', edited), receiveKind('edited_business_message', business)]) {
      expect(commandOf(update)).toMatchObject({
        sentAt: '2025-10-09T08:53:20.000Z',
        editedAt: '2025-10-09T08:54:20.000Z',
      });
    }
    // What Telegram says of a message that was edited before it was sent on changes nothing: this is the first that we see of it.
    expect(commandOf(receiveMessage({ edit_date: 1_760_000_060 })).editedAt).toBeNull();
  });

  it('with its album', () => {
    expect(commandOf(receiveMessage({ media_group_id: '13' })).mediaGroupId).toBe('13');
  });

  it('that calls the bot when it begins with a command', () => {
    const at = (offset: number) => receiveMessage({ entities: [{ type: 'bot_command', offset, length: 6 }] });
    expect([commandOf(at(0)).isBotCommand, commandOf(at(7)).isBotCommand]).toEqual([true, false]);
  });

  it('under the key that dedupe gave it, and the same new ticket id whenever it is read', () => {
    const headers = { 'bot-id': '7', 'idempotency-key': 'tg1:given' };
    const update = receive(record({ update_id: 5, message: privateMessage }, { headers }));
    expect(update.idempotencyKey).toBe('tg1:given');
    expect(commandOf(update).newTicketId).toBe(
      commandOf(receive(record({ update_id: 5, message: privateMessage }, { headers, offset: 77 }))).newTicketId,
    );
  });

  it('under its own key when the given one does not fit into an index, be it short in characters', () => {
    const headers = { 'bot-id': '7', 'idempotency-key': '\u4e00'.repeat(1000) };
    expect(receive(record({ update_id: 5, message: privateMessage }, { headers })).idempotencyKey).toBe(
      'tg1:7:message:42:1:5',
    );
  });

  it('at the time of the record when no header says when it was received', () => {
    for (const headers of [{ 'bot-id': '7' }, { 'bot-id': '7', 'received-at': 'soon' }]) {
      expect(receive(record({ update_id: 5, message: privateMessage }, { headers })).receivedAt).toBe(
        '2025-10-09T08:53:22.000Z',
      );
    }
  });
});

describe('the conversation', () => {
  const conversation = (changes: object, message: object = groupMessage) =>
    commandOf(receiveMessage(changes, message)).conversation;

  it('is bot and chat in private, and one in each topic there', () => {
    expect(conversation({}, privateMessage)).toBe('7:42');
    expect(conversation({ is_topic_message: true, message_thread_id: 3 }, privateMessage)).toBe('7:42/t3');
    expect(conversation({ message_thread_id: 3 }, privateMessage)).toBe('7:42');
  });

  it('differs between two bots with the same chat id', () => {
    const other = receive(record({ update_id: 5, message: privateMessage }, { headers: { 'bot-id': '8' } }));
    expect(commandOf(other).conversation).toBe('8:42');
  });

  it('is bot, chat, real topic and customer in a group', () => {
    expect(conversation({})).toBe('7:-100/c42');
    expect(conversation({ is_topic_message: true, message_thread_id: 3 })).toBe('7:-100/t3/c42');
    expect(conversation({ from: { id: 43 } })).toBe('7:-100/c43');
  });

  it('is not split by a reply thread, which is no topic', () => {
    expect(conversation({ message_thread_id: 3 })).toBe('7:-100/c42');
  });

  it('has a scope of its own in a business chat', () => {
    const update = receiveKind('business_message', { ...privateMessage, business_connection_id: 'bc1' });
    expect(commandOf(update)).toMatchObject({ conversation: '7:bbc1/42', chatId: 'bbc1/42' });
  });
});

const RECORDED_REASONS: readonly IgnoredReason[] = [
  'message-already-recorded',
  'bot-command',
  'edit-changes-nothing',
  'no-ticket-to-answer',
  'note-edit',
];

describe('everything else is ignored for a named reason', () => {
  const cases: [IgnoredReason, ReceivedUpdate][] = [
    ['not-a-message', receiveKind('callback_query', { id: '1', from: customer })],
    ['unknown-kind', receiveKind('hologram', { chat: privateChat, message_id: 1 })],
    ['channel-post', receiveKind('channel_post', { ...privateMessage, chat: { id: -5, type: 'channel' } })],
    ['guest-message', receiveKind('guest_message', { ...privateMessage, guest_query_id: 'g' })],
    ['service-message', receiveMessage({ text: undefined, new_chat_members: [customer] }, groupMessage)],
    ['message-without-id', receiveMessage({ message_id: 0, ephemeral_message_id: 4 })],
    ['unsupported-chat', receiveMessage({ chat: { id: -5, type: 'channel' } })],
    ['no-sender', receiveMessage({ from: undefined })],
    ['sender-is-bot', receiveMessage({ from: { id: 9, is_bot: true } })],
    ['sent-automatically', receiveMessage({ is_from_offline: true })],
    ['sender-is-chat', receiveMessage({ sender_chat: { id: -100 } }, groupMessage)],
  ];

  it.each(cases)('%s', (reason, update) => {
    expect(reasonOf(update)).toBe(reason);
  });

  it('and this list is complete but for the reasons that lie in what is recorded', () => {
    const reasons = [...cases.map(([reason]) => reason), ...RECORDED_REASONS];
    expect(reasons.sort()).toEqual([...IGNORED_REASONS].sort());
  });
});

describe('what can never be read is a verdict, not an exception', () => {
  it.each([
    ['malformed-update', receive(record('{"update_id":')), 'unidentified:telegram.updates.unique:3:9'],
    ['malformed-update', receive(record({ message: {} })), 'unidentified:telegram.updates.unique:3:9'],
    ['malformed-update', receive(record('', { value: null })), 'unidentified:telegram.updates.unique:3:9'],
    ['missing-header', receive(record({ update_id: 5 }, { headers: {} })), 'unidentified:telegram.updates.unique:3:9'],
    ['missing-header', receive(record({ update_id: 5 }, { headers: { 'bot-id': 'x', 'idempotency-key': 'k' } })), 'k'],
    [
      'another-update',
      receive(
        record(
          { update_id: 5 },
          { topic: 'ticketing.redelivery', headers: { 'bot-id': '7', 'idempotency-key': 'tg1:7:message:42:1:15' } },
        ),
      ),
      'tg1:7:message:42:1:15',
    ],
    ['unreadable-message', receiveMessage({ date: 'yesterday' }), 'tg1:7:message:42:1:5'],
    ['unreadable-message', receiveMessage({ date: 9e15 }), 'tg1:7:message:42:1:5'],
    ['unreadable-message', receiveMessage({ date: -1 }), 'tg1:7:message:42:1:5'],
    [
      'unreadable-message',
      receiveKind('edited_message', { ...privateMessage, edit_date: 9e15 }),
      'tg1:7:edited_message:42:1:5',
    ],
    ['unreadable-message', receiveKind('message', 'text'), 'tg1:7:message:-:-:5'],
  ])('%s', (code, update, key) => {
    expect(failureOf(update)).toBe(code);
    expect(update.idempotencyKey).toBe(key);
  });

  it('names the field, never its value', () => {
    const { verdict } = receiveMessage({ date: 'my secret' });
    expect(JSON.stringify(verdict)).toContain('date');
    expect(JSON.stringify(verdict)).not.toContain('secret');
  });
});

describe('for any input', () => {
  const headers = fc.dictionary(
    fc.constantFrom('bot-id', 'received-at', 'idempotency-key', 'update-kind', 'traceparent'),
    fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('7', '-1', '\u0000', '9'.repeat(30))),
  );
  const json = fc.json({ stringUnit: 'binary' }).map((text) => Buffer.from(text));
  const message = fc.record(
    {
      update_id: fc.nat(),
      message: fc.record(
        {
          message_id: fc.maxSafeInteger(),
          date: fc.maxSafeInteger(),
          chat: fc.record({
            id: fc.maxSafeInteger(),
            type: fc.constantFrom('private', 'group', 'supergroup', 'channel', '\u0000'),
          }),
          from: fc.record({ id: fc.maxSafeInteger(), is_bot: fc.boolean() }),
          text: fc.string({ unit: 'binary' }),
          is_topic_message: fc.boolean(),
          message_thread_id: fc.maxSafeInteger(),
        },
        { requiredKeys: ['message_id', 'date', 'chat'] },
      ),
    },
    { requiredKeys: ['update_id'] },
  );
  const values = fc.oneof(
    json,
    message.map((update) => Buffer.from(JSON.stringify(update))),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );

  it('reading answers a verdict with words from the closed lists, and text that PostgreSQL can hold', () => {
    fc.assert(
      fc.property(values, headers, fc.integer({ min: -1, max: 2 ** 42 }), (value, given, timestamp) => {
        const update = receive(record('', { value, headers: given, timestamp }));
        const { verdict, idempotencyKey, botId, updateKind, receivedAt } = update;
        const identity = { idempotencyKey, botId, updateKind, receivedAt };
        if (verdict.type === 'ignored') expect(IGNORED_REASONS).toContain(verdict.reason);
        if (verdict.type === 'failed') expect(FAILURE_CODES).toContain(verdict.failure.code);
        expect(update.idempotencyKey).not.toBe('');
        for (const text of Object.values({ ...identity, ...(verdict.type === 'command' ? verdict.command : {}) })) {
          if (typeof text !== 'string') continue;
          expect(text).not.toContain('\u0000');
          expect(text.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  it('two updates of different conversations never share one', () => {
    const places = fc.record({
      bot: fc.integer({ min: 1, max: 3 }),
      chat: fc.integer({ min: -3, max: 3 }),
      topic: fc.option(fc.integer({ min: 1, max: 3 })),
      from: fc.integer({ min: 1, max: 3 }),
    });
    const conversationAt = (place: { bot: number; chat: number; topic: number | null; from: number }) => {
      const message = {
        ...groupMessage,
        chat: { id: place.chat, type: 'group' },
        from: { id: place.from },
        ...(place.topic === null ? {} : { is_topic_message: true, message_thread_id: place.topic }),
      };
      return commandOf(receive(record({ update_id: 1, message }, { headers: { 'bot-id': String(place.bot) } })))
        .conversation;
    };
    fc.assert(
      fc.property(places, places, (a, b) => {
        expect(conversationAt(a) === conversationAt(b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });
});

it('every known kind is understood: none is an unknown kind', () => {
  for (const kind of UPDATE_KINDS) {
    const update = receiveKind(kind, { ...privateMessage });
    expect(reasonOf(update)).not.toBe('unknown-kind');
    expect(update.idempotencyKey).toBe(
      idempotencyKey('7', parseUpdate(update.record.value ?? Buffer.alloc(0)) as TelegramUpdate),
    );
  }
});
