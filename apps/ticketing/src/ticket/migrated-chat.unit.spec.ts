import { ticketEventSchema } from '@onceline/contracts';
import fc from 'fast-check';
import type { MoveTicket } from './commands.js';
import { decide } from './decide.js';
import { evolve, replay } from './evolve.js';
import { appended, given, message, opened } from './fixtures.spec.js';
import { inMigratedChat, migratedConversation, type MigratedChat } from './migrated-chat.js';

const migrated: MigratedChat = { botId: '7', chatId: '-3', migratedTo: '-1003' };
const move: MoveTicket = {
  ...{ type: 'move-ticket', idempotencyKey: 'k9', botId: '7', fromChatId: '42', chatId: '-1003' },
  ...{ conversation: '7:-1003/c42', occurredAt: '2026-01-01T11:00:00.000Z' },
};

it.each([
  ['7:-3/c42', '7:-1003/c42'],
  ['7:-3/general', '7:-1003/general'],
  ['7:-3', '7:-1003'],
  ['7:-33/c42', '7:-33/c42'],
  ['8:-3/c42', '8:-3/c42'],
  ['77:-3/c42', '77:-3/c42'],
])('the conversation %s goes on as %s', (before, after) => {
  expect(migratedConversation(migrated, before)).toBe(after);
});

it('conversations of one chat stay different ones', () => {
  const parts = fc.string({ unit: fc.constantFrom('/', 'c', 't', '1', '2') });
  fc.assert(
    fc.property(parts, parts, (one, other) => {
      const [a, b] = [one, other].map((part) => migratedConversation(migrated, `7:-3/${part}`));
      expect(a === b).toBe(one === other);
    }),
  );
});

describe('a moved ticket', () => {
  it('is in the new chat, and otherwise as it was', () => {
    const before = replay([opened, appended]);
    const [event, ...others] = decide(move, before);
    if (!event) throw new Error('it was not moved');
    expect(others).toEqual([]);
    expect(ticketEventSchema.parse(event)).toMatchObject({
      ...{ type: 'ticket-moved', version: 3 },
      data: { botId: '7', fromChatId: '42', chatId: '-1003', conversation: '7:-1003/c42' },
    });
    const place = { chatId: '-1003', conversation: '7:-1003/c42' };
    expect(evolve(before, event)).toEqual({ ...before, ...place, version: 3 });
  });

  it('is moved once, and no other one is', () => {
    expect(given(opened).when({ ...move, fromChatId: '-3' })).toEqual([]);
    expect(given(opened).when({ ...move, botId: '8' })).toEqual([]);
    expect(given(opened, appended, ...given(opened, appended).when(move)).when(move)).toEqual([]);
    expect(given().when(move)).toEqual([]);
  });
});

describe('what comes late from a chat that is no more', () => {
  const late = message({ chatId: '-3', conversation: '7:-3/c42' });

  it('is meant for the conversation in the new one, and keeps its chat, in which its number counts', () => {
    const meant = inMigratedChat(late, migrated);
    expect(meant).toEqual({ ...late, conversation: '7:-1003/c42', migratedTo: '-1003' });
    expect(decide(meant, { status: 'none' })).toMatchObject([
      { type: 'ticket-opened', data: { chatId: '-1003', conversation: '7:-1003/c42' } },
      { type: 'message-appended', data: { chatId: '-3' } },
    ]);
  });

  it('and anything else is as it came', () => {
    expect(inMigratedChat(late, undefined)).toBe(late);
  });
});
