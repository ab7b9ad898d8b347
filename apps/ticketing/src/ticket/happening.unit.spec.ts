import { ticketEventSchema } from '@onceline/contracts';
import fc from 'fast-check';
import type { Happening, RecordHappening } from './commands.js';
import { decide, type DecidedCommand } from './decide.js';
import type { TicketEvent } from './events.js';
import { evolve, replay } from './evolve.js';
import { appended, given, message, opened } from './fixtures.spec.js';
import { concerns } from './happening.js';
import { NO_TICKET, type Ticket, type TicketState } from './state.js';

const happens = (happening: Happening, changes: Partial<RecordHappening> = {}): RecordHappening => ({
  ...{ type: 'record-happening', idempotencyKey: 'k9', botId: '7', chatId: '42', happening },
  happenedAt: '2026-01-01T11:00:00.000Z',
  occurredAt: '2026-01-01T11:00:01.000Z',
  ...changes,
});
const blocked: Happening = { type: 'bot-blocked', customerId: '42' };
const unblocked: Happening = { type: 'bot-unblocked', customerId: '42' };
const left: Happening = { type: 'member-left', customerId: '42', wasRemoved: true };
const closed: Happening = { type: 'topic-closed', topicId: '3' };
const reopened: Happening = { type: 'topic-reopened', topicId: '3' };

const ticket = (changes: Partial<Ticket> = {}) => ({ ...(replay([opened, appended]) as Ticket), ...changes });

it.each<[Happening, object]>([
  [blocked, {}],
  [unblocked, {}],
  [left, { userId: '42', wasRemoved: true }],
  [closed, { topicId: '3' }],
  [reopened, { topicId: '3' }],
])('%j is an event of the ticket, as the contract has it', (happening, data) => {
  const [event, ...others] = decide(happens(happening), ticket({ topicId: '3' }));
  expect(others).toEqual([]);
  expect(event).toMatchObject({
    ...{ type: happening.type, version: 3, idempotencyKey: 'k9', occurredAt: '2026-01-01T11:00:01.000Z' },
    data: { botId: '7', chatId: '42', happenedAt: '2026-01-01T11:00:00.000Z', ...data },
  });
  expect(ticketEventSchema.safeParse(event).success).toBe(true);
});

describe('it concerns', () => {
  const active = ticket({ topicId: '3' });

  it('no ticket that has ended', () => {
    for (const status of ['resolved', 'closed'] as const) {
      for (const happening of [blocked, left, closed])
        expect(concerns(happens(happening), { ...active, status })).toBe(false);
    }
  });

  it('no ticket of another bot, chat, topic or customer', () => {
    expect(concerns(happens(closed), active)).toBe(true);
    expect(concerns(happens(closed), { ...active, topicId: '4' })).toBe(false);
    expect(concerns(happens(closed), { ...active, topicId: null })).toBe(false);
    expect(concerns(happens(left), { ...active, customerId: '43' })).toBe(false);
    expect(concerns(happens(left, { chatId: '-100' }), active)).toBe(false);
    expect(concerns(happens(left, { botId: '8' }), active)).toBe(false);
  });

  it('nothing where there is no ticket', () => {
    expect(given().when(happens(blocked))).toEqual([]);
  });
});

it('whatever happens among messages, the ticket is what the messages make of it', () => {
  const happening = fc.constantFrom(blocked, unblocked, left);
  const commands = fc.array(
    fc.oneof(
      fc.nat({ max: 9 }).map((messageId): DecidedCommand => message({ messageId })),
      happening.map((one): DecidedCommand => happens(one)),
    ),
    { maxLength: 30 },
  );
  const play = (all: readonly DecidedCommand[]) => {
    const history: TicketEvent[] = [];
    let state: TicketState = NO_TICKET;
    for (const command of all) {
      const events = decide(command, state);
      history.push(...events);
      state = events.reduce(evolve, state);
    }
    return { state, history };
  };
  fc.assert(
    fc.property(commands, (all) => {
      const { state, history } = play(all);
      const { state: quiet } = play(all.filter(({ type }) => type !== 'record-happening'));
      expect({ ...state, version: 0 }).toEqual({ ...quiet, version: 0 });
      expect(history.map(({ version }) => version)).toEqual(history.map((_, index) => index + 1));
      expect(replay(history)).toEqual(state);
    }),
  );
});
