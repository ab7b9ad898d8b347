import type { Json } from './cast.js';
import { earlierMessage } from './message-payloads.js';
import { longId, member, pickRoom, type Scene } from './scene.js';

/** A business account links the bot, changes its rights, or unlinks it. */
export function businessConnection(scene: Scene): Json {
  const room = pickRoom(scene, 'business');
  const user = member(scene, room);
  return {
    id: room.connectionId,
    user,
    user_chat_id: user['id'],
    date: scene.date,
    rights: { can_reply: true, can_read_messages: true },
    is_enabled: scene.random.chance(0.9),
  };
}

/** Messages vanish from a business chat. */
export function deletedBusinessMessages(scene: Scene): Json {
  const { room, message } = earlierMessage(scene, 'business');
  return { business_connection_id: room.connectionId, chat: room.chat, message_ids: [message.message_id] };
}

/** A user stops the bot in the middle of an answer. */
export function stoppedMessageGeneration(scene: Scene): Json {
  return { chat: pickRoom(scene, 'private').chat, draft_id: scene.random.int(1, 2_000_000_000) };
}

const emoji = (character: string): Json => ({ type: 'emoji', emoji: character });

/** Somebody changes a reaction. */
export function messageReaction(scene: Scene): Json {
  const { room, message } = earlierMessage(scene, 'private', 'group', 'forum');
  return {
    chat: room.chat,
    message_id: message.message_id,
    user: member(scene, room),
    date: scene.date,
    old_reaction: [],
    new_reaction: [emoji(scene.random.pick(['👍', '❤', '🎉']))],
  };
}

/** The sums of anonymous reactions. */
export function messageReactionCount(scene: Scene): Json {
  const { room, message } = earlierMessage(scene, 'channel');
  const reactions = [{ type: emoji('👍'), total_count: scene.random.int(1, 40) }];
  return { chat: room.chat, message_id: message.message_id, date: scene.date, reactions };
}

/** The bot itself is added, blocked or unblocked. */
export function myChatMember(scene: Scene): Json {
  const { bot, random } = scene;
  const room = pickRoom(scene, 'private', 'group', 'forum', 'channel');
  const blocked = random.chance(0.5);
  return {
    chat: room.chat,
    from: member(scene, room),
    date: scene.date,
    old_chat_member: { user: bot.self, status: blocked ? 'member' : 'kicked', ...(blocked ? {} : { until_date: 0 }) },
    new_chat_member: { user: bot.self, status: blocked ? 'kicked' : 'member', ...(blocked ? { until_date: 0 } : {}) },
  };
}

/** Somebody joins or leaves. */
export function chatMember(scene: Scene): Json {
  const room = pickRoom(scene, 'group', 'forum');
  const user = scene.random.pick(scene.bot.people);
  const joins = scene.random.chance(0.6);
  return {
    chat: room.chat,
    from: user,
    date: scene.date,
    old_chat_member: { user, status: joins ? 'left' : 'member' },
    new_chat_member: { user, status: joins ? 'member' : 'left' },
  };
}

/** Somebody asks to be let in. */
export function chatJoinRequest(scene: Scene): Json {
  const user = scene.random.pick(scene.bot.people);
  return {
    chat: pickRoom(scene, 'group', 'forum').chat,
    from: user,
    user_chat_id: user['id'],
    date: scene.date,
    bio: 'I need help with my order',
    ...(scene.random.chance(0.5) ? { query_id: longId(scene.random) } : {}),
  };
}

function boostSource(scene: Scene): Json {
  const { bot, random } = scene;
  if (random.chance(0.8)) return { source: 'premium', user: random.pick(bot.people) };
  return { source: 'giveaway', giveaway_message_id: random.int(1, 9000), is_unclaimed: true };
}

/** A boost is added or changed. */
export function chatBoost(scene: Scene): Json {
  const boost = {
    boost_id: longId(scene.random),
    add_date: scene.date,
    expiration_date: scene.date + 30 * 86_400,
    source: boostSource(scene),
  };
  return { chat: pickRoom(scene, 'channel', 'group').chat, boost };
}

/** A boost ends. */
export function removedChatBoost(scene: Scene): Json {
  return {
    chat: pickRoom(scene, 'channel', 'group').chat,
    boost_id: longId(scene.random),
    remove_date: scene.date,
    source: boostSource(scene),
  };
}

/** A bot that this bot manages was created or changed hands. */
export function managedBot(scene: Scene): Json {
  const { bot, random } = scene;
  const id = random.int(5_000_000_000, 8_000_000_000);
  const managed = { id, is_bot: true, first_name: 'Shop', username: `shop_${id % 100_000}_bot` };
  return { user: random.pick(bot.people), bot: managed };
}

/** A paid subscription changed its state. */
export function subscription(scene: Scene): Json {
  const { bot, random } = scene;
  return {
    user: random.pick(bot.people),
    invoice_payload: `plan-${random.int(1, 9)}`,
    state: random.pick(['active', 'canceled', 'failed']),
  };
}
