import { openRoom, type BotWorld, type Json, type Remembered, type Room, type RoomType } from './cast.js';
import type { Random } from './random.js';

/** The moment in which one update comes to be. */
export interface Scene {
  bot: BotWorld;
  random: Random;
  /** Unix second at which it happens. */
  date: number;
  unicode: boolean;
}

const memory = 256;

/** A room of one of the types; some rooms are busier than others. Opens one if the bot has none. */
export function pickRoom({ bot, random }: Scene, ...types: RoomType[]): Room {
  // Few misses are likely where the type is common, and the search below is exact where it is rare.
  for (let attempt = 0; attempt < 4; attempt++) {
    const room = bot.rooms[Math.floor(bot.rooms.length * random.next() ** 1.2)];
    if (room !== undefined && types.includes(room.type)) return room;
  }
  const fitting = bot.rooms.filter((room) => types.includes(room.type));
  if (fitting.length > 0) return random.pick(fitting);
  const type = types[0] ?? 'private';
  const opened = bot.extraRooms.get(type) ?? openRoom(random, type, bot.people, 0);
  bot.extraRooms.set(type, opened);
  return opened;
}

/** Keeps a message for a later edit, reaction or deletion, and forgets the oldest. */
export function remember(bot: BotWorld, entry: Remembered): void {
  bot.remembered.push(entry);
  if (bot.remembered.length > memory) bot.remembered.shift();
}

/** An earlier message from a room of one of the types, if any is remembered. */
export function recall({ bot, random }: Scene, ...types: RoomType[]): Remembered | undefined {
  const fitting = bot.remembered.filter(({ room }) => types.includes(room.type));
  return fitting.length === 0 ? undefined : random.pick(fitting);
}

/** A 64-bit identifier as Telegram writes it: a string of digits. */
export function longId(random: Random): string {
  return `${random.int(1, 8)}${random.int(100_000_000, 999_999_999)}${random.int(100_000_000, 999_999_999)}`;
}

/** Somebody in the room. */
export function member(scene: Scene, room: Room): Json {
  return scene.random.pick(room.members);
}
