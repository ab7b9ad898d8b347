import type { Random } from './random.js';

/** A piece of JSON on its way into an update. */
export type Json = Record<string, unknown>;

/** The places in which a bot meets people. */
export type RoomType = 'private' | 'group' | 'forum' | 'channel' | 'business';

/** One chat: who is in it, and how far its message ids have come. */
export interface Room {
  type: RoomType;
  chat: Json & { id: number };
  members: Json[];
  topics: number[];
  connectionId: string | undefined;
  nextMessageId: number;
}

/** A message that somebody may edit, delete, react to or answer later. */
export interface Remembered {
  room: Room;
  message: Json & { message_id: number; date: number };
}

/** Everything one bot sees. */
export interface BotWorld {
  botId: string;
  self: Json;
  people: Json[];
  rooms: Room[];
  /** Rooms of a type the bot has no chat of, opened only when a kind cannot do without. */
  extraRooms: Map<RoomType, Room>;
  remembered: Remembered[];
  /** Items of an album that follow without a break. */
  waiting: Remembered[];
  polls: Json[];
}

const firstNames = [
  'Анна',
  'Мария',
  'Иван',
  'Zoë',
  'José',
  'Łukasz',
  'Amir',
  'Grace',
  'Noah',
  '美咲',
  'Priya',
  'Olena',
];
const plainNames = [
  'Anna',
  'Maria',
  'Ivan',
  'Zoe',
  'Jose',
  'Lukas',
  'Amir',
  'Grace',
  'Noah',
  'Misaki',
  'Priya',
  'Olena',
];
const lastNames = ['Weber', 'Silva', 'Novak', 'Kim', 'Moreau', 'Okafor', 'Larsen', 'Haddad', 'Costa', 'Petrov'];
const languages = ['en', 'de', 'ru', 'uk', 'pt-br', 'ja', 'fa', 'es'];

function person(random: Random, unicode: boolean): Json {
  const id = random.int(100_000_000, 4_000_000_000) + random.int(0, 3) * 1_000_000_000;
  const lastName = random.pick(lastNames);
  return {
    id,
    is_bot: false,
    first_name: random.pick(unicode ? firstNames : plainNames),
    ...(random.chance(0.7) ? { last_name: lastName } : {}),
    ...(random.chance(0.8) ? { username: `${lastName.toLowerCase()}_${id % 100_000}` } : {}),
    language_code: random.pick(languages),
    ...(random.chance(0.15) ? { is_premium: true } : {}),
  };
}

function nameOf(user: Json): Json {
  const { id, first_name, last_name, username } = user;
  return {
    id,
    first_name,
    ...(last_name === undefined ? {} : { last_name }),
    ...(username === undefined ? {} : { username }),
  };
}

const supergroupId = (random: Random): number => -1_000_000_000_000 - random.int(1_100_000_000, 3_900_000_000);

function chatOf(random: Random, type: RoomType, owner: Json): Json & { id: number } {
  if (type === 'private' || type === 'business') return { ...nameOf(owner), id: Number(owner['id']), type: 'private' };
  const title = `${random.pick(lastNames)} ${random.pick(['Support', 'Club', 'Store', 'Team'])}`;
  const id = supergroupId(random);
  if (type === 'channel') return { id, title, username: `news_${-id % 100_000}`, type: 'channel' };
  return { id, title, ...(type === 'forum' ? { is_forum: true } : {}), type: 'supergroup' };
}

/** Opens a room of the given type for some of the people. */
export function openRoom(random: Random, type: RoomType, people: Json[], index: number): Room {
  const owner = people[index % people.length] ?? {};
  const alone = type === 'private' || type === 'business';
  const nextMessageId = random.int(2, 900_000);
  return {
    type,
    chat: chatOf(random, type, owner),
    members: alone ? [owner] : Array.from({ length: 6 }, () => random.pick(people)),
    // In a supergroup the id of a topic is the id of the message that opened it.
    topics: type === 'forum' ? [1, 2, 3].map((step) => Math.max(2, nextMessageId - step * 7)) : [],
    connectionId:
      type === 'business' ? `bc${random.int(1e8, 4e9).toString(36)}${random.int(1e8, 4e9).toString(36)}` : undefined,
    nextMessageId: nextMessageId + 1,
  };
}

/** Mostly private chats, as in support, and some of everything else. */
function roomTypeAt(index: number): RoomType {
  if (index % 5 === 2) return 'forum';
  if (index % 10 === 4) return 'group';
  if (index % 20 === 9) return 'channel';
  return index % 20 === 19 ? 'business' : 'private';
}

/** What the cast is made from. */
export interface CastOptions {
  botIds: readonly string[];
  chatsPerBot: number;
  unicode: boolean;
}

/** Fills the world: the same people write to every bot, so the same private chat id occurs under several bots. */
export function createCast(random: Random, options: CastOptions): BotWorld[] {
  const people = Array.from({ length: Math.max(8, options.chatsPerBot) }, () => person(random, options.unicode));
  return options.botIds.map((botId) => {
    const own = random.fork(`bot ${botId}`);
    return {
      botId,
      self: {
        id: Number(botId) || own.int(1e9, 8e9),
        is_bot: true,
        first_name: 'Support',
        username: `support_${botId}_bot`,
      },
      people,
      rooms: Array.from({ length: options.chatsPerBot }, (_, index) => openRoom(own, roomTypeAt(index), people, index)),
      extraRooms: new Map(),
      remembered: [],
      waiting: [],
      polls: [],
    };
  });
}
