import type { Json, Remembered, Room } from './cast.js';
import { longId, member, pickRoom, recall, remember, type Scene } from './scene.js';

const phrases = [
  'Hello, my order 4471 has not arrived yet. Can you check where it is?',
  'I was charged twice this morning, please refund one of the payments.',
  'The app closes as soon as I open the second page. Version 5.2, same after a new install.',
  'Thanks, that worked!',
  'Any news?',
  'How do I change the delivery address? I moved last week and the old one is still in my profile.',
];
const unicodePhrases = [
  'Здравствуйте! Когда придёт заказ? 📦',
  'Grüße aus Köln – die Rechnung fehlt noch. 🧾',
  '注文番号を教えてください 🙏',
  'سلام، پرداخت من انجام نشد',
  'Não consigo entrar na minha conta 😕',
];

/** Something a customer would write. */
export function phrase({ random, unicode }: Scene): string {
  return unicode && random.chance(0.35) ? random.pick(unicodePhrases) : random.pick(phrases);
}

function fileId(scene: Scene): Json {
  const { random } = scene;
  const unique = random.int(1e8, 4e9).toString(36);
  return {
    file_id: `AgACAgIAAxkBAAI${unique}${random.int(1e8, 4e9).toString(36)}`,
    file_unique_id: `AQAD${unique}`,
    file_size: random.int(900, 240_000),
  };
}

function photo(scene: Scene): Json {
  return {
    photo: [
      { ...fileId(scene), width: 90, height: 67 },
      { ...fileId(scene), width: 1280, height: 960 },
    ],
  };
}

/** The part of a message that says where it stands: topic or reply thread. */
function placeOf(scene: Scene, room: Room): Json {
  const { random } = scene;
  // The general topic carries no thread at all.
  if (room.type === 'forum' && random.chance(0.8))
    return { message_thread_id: random.pick(room.topics), is_topic_message: true };
  const earlier = room.type === 'group' && random.chance(0.15) ? recall(scene, 'group') : undefined;
  // A thread id without is_topic_message is an ordinary reply thread.
  return earlier !== undefined && earlier.room === room ? { message_thread_id: earlier.message.message_id } : {};
}

function topicOpened(scene: Scene, room: Room, messageId: number): Json {
  room.topics.push(messageId);
  const name = `Ticket ${scene.random.int(100, 9999)}`;
  return { message_thread_id: messageId, is_topic_message: true, forum_topic_created: { name, icon_color: 7322096 } };
}

function contentOf(scene: Scene, room: Room, messageId: number): Json {
  const { random } = scene;
  const draw = random.next();
  if (draw < 0.8) return { ...placeOf(scene, room), text: phrase(scene) };
  const place = placeOf(scene, room);
  if (draw < 0.86) return { ...place, ...photo(scene), ...(random.chance(0.5) ? { caption: phrase(scene) } : {}) };
  if (draw < 0.9)
    return { ...place, document: { file_name: 'invoice.pdf', mime_type: 'application/pdf', ...fileId(scene) } };
  if (draw < 0.93)
    return { ...place, voice: { duration: random.int(1, 90), mime_type: 'audio/ogg', ...fileId(scene) } };
  if (draw < 0.96) return { ...place, text: '/start', entities: [{ offset: 0, length: 6, type: 'bot_command' }] };
  if (draw < 0.98 && room.type === 'forum') return topicOpened(scene, room, messageId);
  return { ...place, location: { latitude: random.int(-60, 60) + 0.5, longitude: random.int(-170, 170) + 0.25 } };
}

function envelope(scene: Scene, room: Room, sender: Json): Remembered['message'] {
  return { message_id: room.nextMessageId++, ...sender, chat: room.chat, date: scene.date };
}

const anonymousAdmin = { id: 1087968824, is_bot: true, first_name: 'Group', username: 'GroupAnonymousBot' };

function senderOf(scene: Scene, room: Room): Json {
  if (room.type === 'channel') return { sender_chat: room.chat };
  // An anonymous administrator writes in the name of the group; the user in `from` is a stand-in.
  const inGroup = room.type === 'group' || room.type === 'forum';
  if (inGroup && scene.random.chance(0.02)) return { sender_chat: room.chat, from: anonymousAdmin };
  return {
    from: member(scene, room),
    ...(room.connectionId === undefined ? {} : { business_connection_id: room.connectionId }),
  };
}

function composeIn(scene: Scene, room: Room): Json {
  const head = envelope(scene, room, senderOf(scene, room));
  const message = { ...head, ...contentOf(scene, room, head.message_id) };
  remember(scene.bot, { room, message });
  return message;
}

/** Several messages of one sender that belong together; all but the first wait their turn. */
function composeAlbum(scene: Scene, room: Room): Json {
  const { bot, random } = scene;
  const sender = senderOf(scene, room);
  const shared = { ...placeOf(scene, room), media_group_id: longId(random) };
  const items = Array.from({ length: random.int(2, 5) }, (_, index) => ({
    ...envelope(scene, room, sender),
    ...shared,
    ...photo(scene),
    ...(index === 0 ? { caption: phrase(scene) } : {}),
  }));
  const [first, ...rest] = items;
  if (first === undefined) throw new Error('composeAlbum: an album has items');
  remember(bot, { room, message: first });
  bot.waiting.push(...rest.map((message) => ({ room, message })));
  return first;
}

/** Only the bot sees it: no message id of its own, and an ephemeral id that may come again later. */
function composeEphemeral(scene: Scene, room: Room): Json {
  const { bot, random } = scene;
  const to = { receiver_user: bot.self, ephemeral_message_id: random.int(1, 50) };
  return { message_id: 0, from: member(scene, room), chat: room.chat, date: scene.date, ...to, text: phrase(scene) };
}

/** A new message in a private chat, a group or a forum topic; now and then the first of an album. */
export function message(scene: Scene): Json {
  const room = pickRoom(scene, 'private', 'group', 'forum');
  if (room.type === 'group' && scene.random.chance(0.02)) return composeEphemeral(scene, room);
  return scene.random.chance(0.02) ? composeAlbum(scene, room) : composeIn(scene, room);
}

/** A new post in a channel. */
export function channelPost(scene: Scene): Json {
  return composeIn(scene, pickRoom(scene, 'channel'));
}

/** A message that a customer wrote to a business account which the bot looks after. */
export function businessMessage(scene: Scene): Json {
  return composeIn(scene, pickRoom(scene, 'business'));
}

/** Earlier means: sent to the bot before, or, while there is none, before the story began. */
export function earlierMessage(scene: Scene, ...types: Room['type'][]): Remembered {
  if (recall(scene, ...types) === undefined) composeIn(scene, pickRoom(scene, ...types));
  const entry = recall(scene, ...types);
  if (entry === undefined) throw new Error('earlierMessage: the message just composed is not remembered');
  return entry;
}

function edited(scene: Scene, ...types: Room['type'][]): Json {
  const entry = earlierMessage(scene, ...types);
  const before = entry.message;
  const edit_date = Math.max(scene.date, before.date + 1, Number(before['edit_date'] ?? 0) + 1);
  const field = 'text' in before ? 'text' : 'caption';
  entry.message = { ...before, edit_date, [field]: `${phrase(scene)} (edited)` };
  return entry.message;
}

/** A later version of an earlier message: the same message id, a later edit date. */
export function editedMessage(scene: Scene): Json {
  return edited(scene, 'private', 'group', 'forum');
}

/** A later version of an earlier channel post. */
export function editedChannelPost(scene: Scene): Json {
  return edited(scene, 'channel');
}

/** A later version of an earlier business message. */
export function editedBusinessMessage(scene: Scene): Json {
  return edited(scene, 'business');
}

/** A message from a chat the bot is no member of, in which somebody summoned it as a guest. */
export function guestMessage(scene: Scene): Json {
  const room = pickRoom(scene, 'group', 'private');
  const head = envelope(scene, room, { guest_query_id: longId(scene.random), from: member(scene, room) });
  return { ...head, text: `@${String(scene.bot.self['username'])} ${phrase(scene)}` };
}
