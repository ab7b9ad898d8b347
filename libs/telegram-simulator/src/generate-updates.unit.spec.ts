import fc from 'fast-check';

import {
  createUpdateGenerator,
  defaultKinds,
  firstUpdateId,
  startOfStory,
  type GeneratedUpdate,
  type GeneratorOptions,
} from './generate-updates.js';
import { describeUpdate, updateKinds, type UpdateKind } from './update-kinds.js';

type Payload = Record<string, unknown>;

const options: GeneratorOptions = { seed: 7, bots: ['101', '202'], chatsPerBot: 40 };
const only = (kind: string, seed = 7): GeneratorOptions => ({ ...options, seed, kinds: { [kind]: 1 } });
const parse = (update: GeneratedUpdate): Record<string, unknown> => JSON.parse(update.body.toString('utf8')) as Payload;
const payloadOf = (update: GeneratedUpdate): Payload => parse(update)[update.kind] as Payload;
const at = (payload: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((value, name) => (value as Payload | undefined)?.[name], payload);

// Where each kind carries its identity, written down apart from the generator; `|` separates alternatives of which one is there.
const shapes: Record<UpdateKind, string[]> = {
  message: ['chat.id', 'message_id', 'from.id', 'date'],
  edited_message: ['chat.id', 'message_id', 'from.id', 'date', 'edit_date'],
  channel_post: ['chat.id', 'message_id', 'sender_chat.id', 'date'],
  edited_channel_post: ['chat.id', 'message_id', 'sender_chat.id', 'edit_date'],
  business_connection: ['id', 'user.id', 'user_chat_id', 'date', 'is_enabled'],
  business_message: ['business_connection_id', 'chat.id', 'message_id', 'from.id', 'date'],
  edited_business_message: ['business_connection_id', 'chat.id', 'message_id', 'from.id', 'edit_date'],
  deleted_business_messages: ['business_connection_id', 'chat.id', 'message_ids'],
  guest_message: ['guest_query_id', 'chat.id', 'message_id', 'from.id', 'date'],
  stopped_message_generation: ['chat.id', 'draft_id'],
  message_reaction: ['chat.id', 'message_id', 'user.id|actor_chat.id', 'date', 'old_reaction', 'new_reaction'],
  message_reaction_count: ['chat.id', 'message_id', 'date', 'reactions'],
  inline_query: ['id', 'from.id', 'query', 'offset'],
  chosen_inline_result: ['result_id', 'from.id', 'query'],
  callback_query: ['id', 'from.id', 'chat_instance', 'message.message_id|inline_message_id'],
  shipping_query: ['id', 'from.id', 'invoice_payload', 'shipping_address.country_code'],
  pre_checkout_query: ['id', 'from.id', 'currency', 'total_amount', 'invoice_payload'],
  purchased_paid_media: ['from.id', 'paid_media_payload'],
  poll: ['id', 'question', 'options', 'total_voter_count', 'is_closed'],
  poll_answer: ['poll_id', 'user.id|voter_chat.id', 'option_ids'],
  my_chat_member: ['chat.id', 'from.id', 'date', 'old_chat_member.status', 'new_chat_member.user.id'],
  chat_member: ['chat.id', 'from.id', 'date', 'old_chat_member.status', 'new_chat_member.user.id'],
  chat_join_request: ['chat.id', 'from.id', 'user_chat_id', 'date'],
  chat_boost: ['chat.id', 'boost.boost_id', 'boost.add_date', 'boost.source.source'],
  removed_chat_boost: ['chat.id', 'boost_id', 'remove_date', 'source.source'],
  managed_bot: ['user.id', 'bot.id'],
  subscription: ['user.id', 'invoice_payload', 'state'],
};

describe('the 27 kinds', () => {
  it.each(updateKinds.map((kind) => [kind]))('%s has the shape of the Bot API', (kind) => {
    for (const update of createUpdateGenerator(only(kind)).take(60)) {
      expect(Object.keys(parse(update))).toEqual(['update_id', kind]);
      for (const path of shapes[kind]) {
        const present = path.split('|').some((alternative) => at(payloadOf(update), alternative) !== undefined);
        expect({ path, present }).toEqual({ path, present: true });
      }
    }
  });

  it('are all there, and are 27', () => {
    expect(new Set(updateKinds).size).toBe(27);
  });

  it('leaves room for a kind of the future', () => {
    const [update] = createUpdateGenerator(only('teleported_message')).take(1);
    expect(Object.keys(parse(update!))).toEqual(['update_id', 'teleported_message']);
  });
});

describe('the bytes', () => {
  it('are the same for the same seed and different for another', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const bytes = (of: number): string =>
          createUpdateGenerator({ ...options, seed: of })
            .take(30)
            .map(({ body }) => body.toString('latin1'))
            .join('\n');
        expect(bytes(seed)).toBe(bytes(seed));
        expect(bytes(seed)).not.toBe(bytes(seed + 1));
      }),
      { numRuns: 30 },
    );
  });

  it('are written as Telegram writes them: the id, a line break, the kind, ASCII only', () => {
    const kinds = Object.fromEntries(updateKinds.map((kind) => [kind, 1]));
    for (const { updateId, kind, body } of createUpdateGenerator({ ...options, kinds }).take(1000)) {
      const text = body.toString('latin1');
      expect(text.startsWith(`{"update_id":${updateId},\n"${kind}":{`)).toBe(true);
      expect(text.endsWith('}}')).toBe(true);
      expect(body.every((byte) => byte < 128)).toBe(true);
    }
  });

  it('carry names and texts of many scripts, or none on request', () => {
    const text = (unicode: boolean): string =>
      createUpdateGenerator({ ...options, unicode })
        .take(400)
        .map((update) => JSON.stringify(parse(update)))
        .join('');
    expect(text(true)).toMatch(/[а-я].*🧾|🧾.*[а-я]/s);
    // Reactions are emoji whatever the names are.
    expect(text(false)).not.toMatch(/\p{Script=Cyrillic}|\p{Script=Han}|\p{Script=Arabic}/u);
  });

  it('are of the usual size', () => {
    const sizes = createUpdateGenerator(options)
      .take(2000)
      .map(({ body }) => body.length)
      .sort((a, b) => a - b);
    expect(sizes[1000]).toBeGreaterThan(280);
    expect(sizes[1000]).toBeLessThan(600);
  });
});

describe('ids', () => {
  it('count up by one per bot and are never used twice', () => {
    const updates = createUpdateGenerator(options).take(2000);
    for (const bot of options.bots) {
      const ids = updates.filter(({ botId }) => botId === bot).map(({ updateId }) => updateId);
      expect(ids).toEqual(ids.map((_, index) => firstUpdateId(options.seed, bot) + index));
    }
  });

  it('of messages rise within a chat, and no two messages share one', () => {
    const last = new Map<string, number>();
    for (const update of createUpdateGenerator({
      ...options,
      kinds: { message: 5, channel_post: 1, edited_message: 2 },
    }).take(3000)) {
      if (update.kind === 'edited_message') continue;
      const { chat, message_id } = payloadOf(update) as { chat: { id: number }; message_id: number };
      if (message_id === 0) continue;
      const key = `${update.botId}/${chat.id}`;
      expect(message_id).toBeGreaterThan(last.get(key) ?? 0);
      last.set(key, message_id);
    }
  });

  it('begin apart for runs that begin apart in time', () => {
    const now = 1_800_000_000;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 345_600 }), fc.nat(3600), (seconds, hour) => {
        const distance = Math.abs(firstUpdateId(now + hour + seconds, '101') - firstUpdateId(now + hour, '101'));
        expect(Math.min(distance, 998_000_000 - distance)).toBeGreaterThanOrEqual(2500);
      }),
    );
  });

  it('begin inside Telegram’s range', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.string(), (seed, bot) => {
        const id = firstUpdateId(seed, bot);
        expect(Number.isInteger(id) && id > 2_000_000 && id <= 1_000_000_000).toBe(true);
      }),
    );
  });
});

describe('the story', () => {
  it('edits only what was sent before, later each time', () => {
    const known = new Map<string, number>();
    const kinds = { message: 3, edited_message: 3 };
    let edits = 0;
    for (const update of createUpdateGenerator({ ...options, kinds }).take(1500)) {
      const { chat, message_id, date, edit_date } = payloadOf(update) as Record<string, number> & {
        chat: { id: number };
      };
      const key = `${update.botId}/${chat.id}/${message_id}`;
      if (update.kind === 'message') known.set(key, date!);
      else if (known.has(key)) {
        edits++;
        expect(edit_date).toBeGreaterThan(known.get(key)!);
        known.set(key, edit_date!);
      }
    }
    expect(edits).toBeGreaterThan(500);
  });

  it('sends albums as several messages of one group, one after the other', () => {
    const groups = new Map<string, number[]>();
    for (const update of createUpdateGenerator(only('message')).take(2000)) {
      const { media_group_id, message_id } = payloadOf(update) as { media_group_id?: string; message_id: number };
      if (media_group_id !== undefined) groups.set(media_group_id, [...(groups.get(media_group_id) ?? []), message_id]);
    }
    expect(groups.size).toBeGreaterThan(10);
    for (const ids of [...groups.values()].slice(0, -2)) {
      expect(ids.length).toBeGreaterThanOrEqual(2);
      expect(ids).toEqual(ids.map((_, index) => ids[0]! + index));
    }
  });

  it('has topics, reply threads, inaccessible messages and inline buttons', () => {
    const messages = createUpdateGenerator(only('message')).take(3000).map(payloadOf);
    const threads = messages.filter((payload) => payload['message_thread_id'] !== undefined);
    expect(
      threads.some((payload) => payload['is_topic_message'] === true && at(payload, 'chat.is_forum') === true),
    ).toBe(true);
    expect(threads.some((payload) => payload['is_topic_message'] === undefined)).toBe(true);
    const presses = createUpdateGenerator(only('callback_query')).take(600).map(payloadOf);
    const inaccessible = presses
      .filter((payload) => at(payload, 'message.date') === 0)
      .map((payload) => Object.keys(payload['message'] as Payload));
    expect(inaccessible.length).toBeGreaterThan(20);
    expect(inaccessible.every((keys) => keys.sort().join() === 'chat,date,message_id')).toBe(true);
    expect(
      presses.some((payload) => payload['inline_message_id'] !== undefined && payload['message'] === undefined),
    ).toBe(true);
  });

  it('has anonymous administrators, and ephemeral messages without an id of their own', () => {
    const messages = createUpdateGenerator(only('message')).take(4000).map(payloadOf);
    const anonymous = messages.filter((payload) => payload['sender_chat'] !== undefined);
    expect(anonymous.length).toBeGreaterThan(5);
    expect(anonymous.every((payload) => at(payload, 'sender_chat.id') === at(payload, 'chat.id'))).toBe(true);
    const ephemeral = messages.filter((payload) => payload['message_id'] === 0);
    expect(ephemeral.length).toBeGreaterThan(2);
    expect(ephemeral.every((payload) => Number(payload['ephemeral_message_id']) > 0)).toBe(true);
  });

  it('lets the writer of a private chat be its owner', () => {
    for (const update of createUpdateGenerator(only('message')).take(500)) {
      const payload = payloadOf(update);
      if (at(payload, 'chat.type') === 'private') expect(at(payload, 'from.id')).toBe(at(payload, 'chat.id'));
    }
  });

  it('spreads over the chats asked for', () => {
    const chats = createUpdateGenerator({ ...only('message'), bots: ['1'], chatsPerBot: 12 })
      .take(2000)
      .map((update) => at(payloadOf(update), 'chat.id'));
    expect(new Set(chats).size).toBe(11); // one of the twelve is a channel
    const single = createUpdateGenerator({ ...only('message'), bots: ['1'], chatsPerBot: 1 })
      .take(50)
      .map((update) => at(payloadOf(update), 'chat.id'));
    expect(new Set(single).size).toBe(1);
  });

  it('is mostly messages unless told otherwise', () => {
    const updates = createUpdateGenerator(options).take(3000);
    expect(updates.filter(({ kind }) => kind === 'message').length).toBeGreaterThan(2400);
    expect(new Set(updates.map(({ kind }) => kind)).size).toBeGreaterThan(10);
    expect(Object.keys(defaultKinds).every((kind) => (updateKinds as readonly string[]).includes(kind))).toBe(true);
  });

  it('begins at the seed if that is a time, and at a fixed day if not', () => {
    expect(startOfStory(1_795_000_000)).toBe(1_795_000_000);
    expect(startOfStory(1)).toBe(startOfStory(86_401));
  });

  it('refuses to begin without bots or kinds', () => {
    expect(() => createUpdateGenerator({ seed: 1, bots: [] })).toThrow(/at least one bot/);
    expect(() => createUpdateGenerator({ seed: 1, bots: ['1'], kinds: {} })).toThrow(/at least one kind/);
    expect(() => createUpdateGenerator({ seed: 1, bots: ['1'] }).next('2')).toThrow(/not among/);
  });
});

describe('queue and life', () => {
  const family = 2 ** 33;
  const now = 1000;
  const chat = { id: -5 };
  const from = { id: 9 };
  it.each<[UpdateKind, Payload, number, number]>([
    ['message', { chat, date: 400 }, -5, 400 + 86_400],
    ['edited_message', { chat, date: 400, edit_date: 500 }, -5, 500 + 86_400],
    ['channel_post', { chat, date: 400 }, -5, 400 + 86_400],
    ['business_connection', { user: from }, 9 + 10 * family, now + 86_400],
    ['business_message', { chat, date: 400 }, -5 + 11 * family, 400 + 86_400],
    ['deleted_business_messages', { chat }, -5 + 11 * family, now + 86_400],
    ['guest_message', { chat, date: 400 }, -5 + 12 * family, 400 + 86_400],
    ['message_reaction', { chat, date: 400 }, -5 + 8 * family, 400 + 86_400],
    ['message_reaction_count', { chat, date: 400 }, -5 + 9 * family, 400 + 86_400],
    ['inline_query', { from }, 9 + family, now + 30],
    ['chosen_inline_result', { from }, 9 + 2 * family, now + 600],
    ['callback_query', { from }, 9 + 3 * family, now + 150],
    ['shipping_query', { from }, 9 + 4 * family, now + 150],
    ['pre_checkout_query', { from }, 9 + 4 * family, now + 150],
    ['purchased_paid_media', { from }, 9 + 12 * family, now + 86_400],
    ['poll', { id: '77' }, 77, now + 86_400],
    ['poll_answer', { poll_id: '77' }, 77, now + 86_400],
    ['my_chat_member', { chat, date: 400 }, -5 + 5 * family, 400 + 86_400],
    ['chat_member', { chat, date: 400, new_chat_member: { user: { id: 3 } } }, 3 + 6 * family, 400 + 86_400],
    ['chat_join_request', { chat, from, date: 400 }, 9 + 6 * family, 400 + 86_400],
    ['chat_boost', { chat, boost: { add_date: 300 } }, -5 + 7 * family, 300 + 86_400],
    ['removed_chat_boost', { chat, remove_date: 300 }, -5 + 7 * family, 300 + 86_400],
    ['managed_bot', { user: from }, 9 + 13 * family, now + 86_400],
  ])('of %s', (kind, payload, queue, expiresAt) => {
    expect(describeUpdate(kind, payload, now)).toEqual({ queue, expiresAt });
  });
});
