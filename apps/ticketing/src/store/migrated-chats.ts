import type { MigratedChat } from '../ticket/migrated-chat.js';
import { arrays, sortedBy, type Rows } from './rows.js';

type Place = Pick<MigratedChat, 'botId' | 'chatId'>;

const keyOf = ({ botId, chatId }: Place) => `${botId}:${chatId}`;

/** Chats that went on as others: those that were known before the batch, and those that it brings. */
export class MigratedChats {
  private readonly byChat: Map<string, MigratedChat>;
  readonly added: MigratedChat[] = [];

  constructor(known: readonly MigratedChat[]) {
    this.byChat = new Map(known.map((migrated) => [keyOf(migrated), migrated]));
  }

  find(place: Place): MigratedChat | undefined {
    return this.byChat.get(keyOf(place));
  }

  add(migrated: MigratedChat): void {
    if (this.find(migrated)) return;
    this.byChat.set(keyOf(migrated), migrated);
    this.added.push(migrated);
  }
}

const TYPES = ['text', 'text', 'text'];

/** A chat goes on as another one once; who says it again says the same. */
export const MIGRATED_ROWS: Rows<MigratedChat> = {
  columns: TYPES.length,
  sql: (first) => `insert into ticketing.migrated_chats (bot_id, chat_id, migrated_to)
    select * from ${arrays(first, TYPES)} on conflict (bot_id, chat_id) do nothing`,
  values(chats) {
    const rows = sortedBy(chats, keyOf);
    return [rows.map(({ botId }) => botId), rows.map(({ chatId }) => chatId), rows.map(({ migratedTo }) => migratedTo)];
  },
};
