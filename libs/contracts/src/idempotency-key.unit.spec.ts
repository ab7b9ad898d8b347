import fc from 'fast-check';
import { conversationKey, idempotencyKey } from './idempotency-key.js';
import { UPDATE_KINDS, isMalformed, parseUpdate, type TelegramUpdate } from './telegram-update.js';

const BOT = '1000001';

const read = (body: unknown): TelegramUpdate => {
  const parsed = parseUpdate(Buffer.from(JSON.stringify(body)));
  if (isMalformed(parsed)) throw new Error(parsed.malformed);
  return parsed;
};
const keyOf = (body: unknown, bot = BOT): string => idempotencyKey(bot, read(body));
const conversationOf = (body: unknown, bot = BOT): string => conversationKey(bot, read(body));

const chat = { id: -100500, type: 'supergroup', title: 'Support' };
const from = { id: 77, is_bot: false, first_name: 'Ada' };

/** One example per kind with both keys written out. A change here breaks the dedupe window of running systems. */
const EXAMPLES: Readonly<Record<(typeof UPDATE_KINDS)[number], [payload: object, scope: string, message: string]>> = {
  message: [{ message_id: 5, date: 1, chat, from, message_thread_id: 3, text: 'hi' }, '-100500', '5'],
  edited_message: [{ message_id: 5, date: 1, edit_date: 2, chat, from }, '-100500', '5'],
  channel_post: [{ message_id: 6, date: 1, chat, sender_chat: chat }, '-100500', '6'],
  edited_channel_post: [{ message_id: 6, date: 1, edit_date: 9, chat }, '-100500', '6'],
  business_connection: [{ id: 'bc1', user: from, user_chat_id: 77, date: 1 }, 'u77', 'qbc1'],
  business_message: [{ message_id: 8, chat, from, business_connection_id: 'bc1' }, 'bbc1/-100500', '8'],
  edited_business_message: [{ message_id: 8, chat, business_connection_id: 'bc1' }, 'bbc1/-100500', '8'],
  deleted_business_messages: [{ business_connection_id: 'bc1', chat, message_ids: [1, 2] }, 'bbc1/-100500', '-'],
  guest_message: [{ message_id: 9, chat, from, guest_query_id: 'gq' }, 'ggq/-100500', '9'],
  stopped_message_generation: [{ chat: { id: 77, type: 'private' }, draft_id: 4 }, '77', 'd4'],
  message_reaction: [{ chat, message_id: 5, user: from, date: 1, new_reaction: [] }, '-100500', '5'],
  message_reaction_count: [{ chat, message_id: 5, date: 1, reactions: [] }, '-100500', '5'],
  inline_query: [{ id: '123', from, query: 'q', offset: '' }, 'u77', 'q123'],
  chosen_inline_result: [{ result_id: 'r', from, inline_message_id: 'im', query: '' }, 'u77', 'iim'],
  callback_query: [{ id: '1', from, message: { chat, message_id: 5, date: 0 }, data: 'x' }, '-100500', '5'],
  shipping_query: [{ id: '124', from, invoice_payload: 'p' }, 'u77', 'q124'],
  pre_checkout_query: [{ id: '125', from, total_amount: 1 }, 'u77', 'q125'],
  purchased_paid_media: [{ from, paid_media_payload: 'p' }, 'u77', '-'],
  poll: [{ id: '900', question: 'q', options: [] }, 'p900', '-'],
  poll_answer: [{ poll_id: '900', user: from, option_ids: [0] }, 'p900', '-'],
  my_chat_member: [{ chat, from, date: 1 }, '-100500', '-'],
  chat_member: [{ chat, from, date: 1 }, '-100500', '-'],
  chat_join_request: [{ chat, from, user_chat_id: 77, date: 1, query_id: 'jq' }, '-100500', 'qjq'],
  chat_boost: [{ chat, boost: { boost_id: 'bo', add_date: 1 } }, '-100500', 'obo'],
  removed_chat_boost: [{ chat, boost_id: 'bo', remove_date: 1 }, '-100500', 'obo'],
  managed_bot: [{ user: from, bot: { id: 88 } }, 'u77', '-'],
  subscription: [{ user: from, invoice_payload: 'p' }, 'u77', '-'],
};

describe('keys of the 27 kinds', () => {
  it.each(UPDATE_KINDS)('%s', (kind) => {
    const [payload, scope, message] = EXAMPLES[kind];
    const update = { update_id: 31337, [kind]: payload };
    expect(keyOf(update)).toBe(`tg1:${BOT}:${kind}:${scope}:${message}:31337`);
    expect(conversationOf(update)).toBe(`${BOT}:${scope}`);
  });

  it.each([
    ['an ephemeral message', { message: { message_id: 0, ephemeral_message_id: 12, chat } }, '-100500:e12'],
    ['a scheduled message', { message: { message_id: 0, chat } }, '-100500:-'],
    ['a callback of an inline message', { callback_query: { id: '1', from, inline_message_id: 'im' } }, 'u77:iim'],
    [
      'a callback below an ephemeral message',
      { callback_query: { id: '1', from, message: { chat, message_id: 0, ephemeral_message_id: 3 } } },
      '-100500:e3',
    ],
    [
      'a callback in a business chat',
      { callback_query: { id: '1', from, message: { chat, message_id: 2, business_connection_id: 'bc1' } } },
      'bbc1/-100500:2',
    ],
    ['a join request without query', { chat_join_request: { chat, from } }, '-100500:-'],
    ['a kind of the future with a chat', { holo_message: { message_id: 4, chat } }, '-100500:4'],
    ['a kind of the future with a user', { holo_call: { from } }, 'u77:-'],
    ['a kind of the future with a poll', { holo_poll: { poll_id: '900' } }, 'p900:-'],
    ['a kind of the future with nothing', { holo_ping: {} }, '-:-'],
    ['a kind that is no object', { message: 'text' }, '-:-'],
    ['an update without kind', {}, '-:-'],
  ])('%s', (_, body, expected) => {
    const kind = Object.keys(body)[0] ?? 'none';
    expect(keyOf({ update_id: 1, ...body })).toBe(`tg1:${BOT}:${kind}:${expected}:1`);
  });
});

const id = fc.oneof(fc.maxSafeInteger(), fc.string({ maxLength: 200, unit: 'binary' }), fc.constant(0));
const updateId = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const kind = fc
  .oneof(fc.constantFrom<string>(...UPDATE_KINDS), fc.string({ maxLength: 200, unit: 'binary' }))
  .filter((name) => name !== 'update_id' && name !== 'none');
const payload = fc.record(
  {
    id,
    message_id: id,
    ephemeral_message_id: id,
    business_connection_id: id,
    guest_query_id: id,
    query_id: id,
    poll_id: id,
    boost_id: id,
    draft_id: id,
    inline_message_id: id,
    chat: fc.record({ id, type: fc.string() }, { requiredKeys: [] }),
    from: fc.record({ id }, { requiredKeys: [] }),
    user: fc.record({ id }, { requiredKeys: [] }),
    boost: fc.record({ boost_id: id }, { requiredKeys: [] }),
    message: fc.record({ chat: fc.record({ id }), message_id: id }, { requiredKeys: [] }),
    text: fc.string(),
    caption: fc.jsonValue(),
    edit_date: fc.nat(),
  },
  { requiredKeys: [] },
);
const update = fc
  .tuple(updateId, kind, payload)
  .map(([number, name, fields]) => ({ update_id: number, [name]: fields }));
const bot = fc.integer({ min: 1, max: 10 ** 12 }).map(String);

/** The same JSON with every object's fields in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  // fromEntries, because assigning `__proto__` would lose the field.
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([field, inner]) => [field, reversed(inner)]),
  );
}

describe('any update', () => {
  it('has one key whatever the order of fields and the spacing', () => {
    fc.assert(
      fc.property(bot, update, (botId, body) => {
        const plain = parseUpdate(Buffer.from(JSON.stringify(body)));
        const other = parseUpdate(Buffer.from(JSON.stringify(reversed(body), null, 3)));
        if (isMalformed(plain) || isMalformed(other)) throw new Error('expected updates');
        expect(idempotencyKey(botId, other)).toBe(idempotencyKey(botId, plain));
        expect(conversationKey(botId, other)).toBe(conversationKey(botId, plain));
      }),
    );
  });

  it('has one key whichever kind field comes first', () => {
    fc.assert(
      fc.property(updateId, fc.uniqueArray(kind, { minLength: 2, maxLength: 4 }), payload, (number, kinds, fields) => {
        const entries = kinds.map((name): [string, unknown] => [name, fields]);
        const forth = keyOf(Object.fromEntries([['update_id', number], ...entries]));
        const back = keyOf(Object.fromEntries([...entries.reverse(), ['update_id', number]]));
        expect(back).toBe(forth);
      }),
    );
  });

  it('keeps its key when only words, times and names change', () => {
    const volatile = fc.record({
      text: fc.string(),
      caption: fc.string(),
      date: fc.nat(),
      edit_date: fc.nat(),
      reply_to_message: fc.record({ message_id: fc.nat(), chat: fc.record({ id: fc.nat() }) }),
      entities: fc.array(fc.jsonValue()),
    });
    fc.assert(
      fc.property(update, volatile, volatile, (body, one, other) => {
        const { update_id: number, ...rest } = body;
        const [[name, fields] = ['none', {}]] = Object.entries(rest);
        const withFields = (more: object) => keyOf({ update_id: number, [name]: { ...(fields as object), ...more } });
        expect(withFields(one)).toBe(withFields(other));
      }),
    );
  });

  it('shares its key with no update of another bot, number or kind', () => {
    const named = fc.tuple(bot, update);
    fc.assert(
      fc.property(named, named, ([botA, a], [botB, b]) => {
        const same = botA === botB && a.update_id === b.update_id && read(a).kind === read(b).kind;
        fc.pre(!same);
        expect(keyOf(a, botA)).not.toBe(keyOf(b, botB));
      }),
    );
  });

  it('differs from its neighbours: number + 1, another bot, another kind, chat, message', () => {
    fc.assert(
      fc.property(bot, updateId, fc.integer({ min: 1, max: 2 ** 50 }), (botId, number, n) => {
        const body = (kindName: string, chatId: number, messageId: number, updateNumber: number) => ({
          update_id: updateNumber,
          [kindName]: { chat: { id: chatId }, message_id: messageId },
        });
        const next = number < Number.MAX_SAFE_INTEGER ? number + 1 : number - 1;
        const keys = [
          keyOf(body('message', n, n, number), botId),
          keyOf(body('message', n, n, next), botId),
          keyOf(body('message', n, n, number), `${botId}0`),
          keyOf(body('edited_message', n, n, number), botId),
          keyOf(body('message', -n, n, number), botId),
          keyOf(body('message', n, n + 1, number), botId),
        ];
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });

  it('cannot forge separators or grow its key: six parts, printable, bounded', () => {
    fc.assert(
      fc.property(bot, update, (botId, body) => {
        const key = keyOf(body, botId);
        expect(key.split(':')).toHaveLength(6);
        expect(key).toMatch(/^[\x21-\x7e]+$/);
        expect(key.length).toBeLessThan(600);
      }),
    );
  });

  it('tells ids apart that escaping could confuse', () => {
    const odd = ['a:b', 'a_b', '~YTpi', 'YTpi', 'a/b', 'a b', 'ä', 'x'.repeat(128), 'x'.repeat(129), 'x'.repeat(5000)];
    const keys = odd.map((name) => keyOf({ update_id: 1, inline_query: { id: name, from } }));
    expect(new Set(keys).size).toBe(odd.length);
  });
});

describe('conversation key', () => {
  it('is one for everything that happens in a chat, whatever the kind, topic and sender', () => {
    const inChat = [
      { message: { chat, message_id: 1, message_thread_id: 4, from } },
      { edited_message: { chat, message_id: 1 } },
      { message_reaction: { chat, message_id: 1, user: { id: 5 } } },
      { callback_query: { id: '1', from: { id: 6 }, message: { chat, message_id: 1 } } },
      { chat_member: { chat, from } },
      { chat_boost: { chat, boost: { boost_id: 'x' } } },
    ];
    const keys = inChat.map((body, index) => conversationOf({ update_id: index, ...body }));
    expect(new Set(keys)).toEqual(new Set([`${BOT}:-100500`]));
  });

  it('parts two bots in one chat, and a business chat from an ordinary one with the same id', () => {
    const body = { update_id: 1, message: { chat, message_id: 1 } };
    expect(conversationOf(body, '1')).not.toBe(conversationOf(body, '2'));
    const business = { update_id: 1, business_message: { chat, message_id: 1, business_connection_id: 'c' } };
    expect(conversationOf(business)).not.toBe(conversationOf(body));
  });

  it('is a part of the idempotency key, so that copies meet in one partition', () => {
    fc.assert(
      fc.property(bot, update, (botId, body) => {
        const [, keyBot, , scope] = keyOf(body, botId).split(':');
        expect(conversationOf(body, botId)).toBe(`${keyBot}:${scope}`);
      }),
    );
  });
});
