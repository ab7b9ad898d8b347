import { ticketEventSchema } from '@onceline/contracts';
import fc from 'fast-check';
import { decide, type DecidedCommand } from './decide.js';
import type { TicketEvent } from './events.js';
import { evolve, replay } from './evolve.js';
import { appended, given, message, opened } from './fixtures.spec.js';
import { NO_TICKET, type TicketState } from './state.js';

describe('an update that was given up', () => {
  const missing: DecidedCommand = {
    type: 'record-missing-update',
    idempotencyKey: 'k9',
    updateKind: 'message',
    reason: 'handler-defect',
    receivedAt: '2026-01-01T10:05:00.000Z',
    occurredAt: '2026-01-01T12:00:00.000Z',
  };

  it('leaves a mark in the open ticket, which counts as an event and not as a message', () => {
    const events = given(opened, appended).when(missing);
    expect(events).toEqual([
      {
        schemaVersion: 1,
        type: 'update-missing',
        eventId: 't_1.3',
        ticketId: 't_1',
        version: 3,
        occurredAt: '2026-01-01T12:00:00.000Z',
        idempotencyKey: 'k9',
        data: { updateKind: 'message', reason: 'handler-defect', receivedAt: '2026-01-01T10:05:00.000Z' },
      },
    ]);
    expect(events.map((event) => ticketEventSchema.safeParse(event).success)).toEqual([true]);
    expect(replay([opened, appended, ...events])).toMatchObject({
      version: 3,
      messageCount: 1,
      updatedAt: '2026-01-01T12:00:00.000Z',
    });
  });

  it('does not turn the time of the ticket back when it is older than what stands before it', () => {
    const earlier = given(opened, appended).when({ ...missing, occurredAt: '2026-01-01T09:00:00.000Z' });
    expect(replay([opened, appended, ...earlier])).toMatchObject({ version: 3, updatedAt: appended.occurredAt });
    const late = given(opened, appended).when(message({ messageId: 2, occurredAt: '2026-01-01T09:00:00.000Z' }));
    expect(replay([opened, appended, ...late])).toMatchObject({ version: 3, updatedAt: appended.occurredAt });
  });

  it('leaves none where no ticket is open', () => {
    expect(given().when(missing)).toEqual([]);
  });
});

describe('a call of the bot', () => {
  const start = message({ isBotCommand: true, text: '/start' });

  it('opens no ticket', () => {
    expect(given().when(start)).toEqual([]);
  });

  it('is a message like any other where a ticket is open', () => {
    expect(given(opened, appended).when(start)).toMatchObject([{ type: 'message-appended', data: { text: '/start' } }]);
  });
});

describe('an edit', () => {
  const edit: DecidedCommand = {
    type: 'record-message-edit',
    idempotencyKey: 'k2',
    botId: '7',
    chatId: '42',
    messageId: 1,
    text: 'My parcel is found',
    attachments: [],
    editedAt: '2026-01-01T10:03:00.000Z',
    occurredAt: '2026-01-01T10:03:01.000Z',
  };

  it('is an event of the ticket that holds the message, and counts as none', () => {
    const events = given(opened, appended).when(edit);
    expect(events).toEqual([
      {
        schemaVersion: 1,
        type: 'message-edited',
        eventId: 't_1.3',
        ticketId: 't_1',
        version: 3,
        occurredAt: '2026-01-01T10:03:01.000Z',
        idempotencyKey: 'k2',
        data: {
          botId: '7',
          chatId: '42',
          messageId: 1,
          editedAt: '2026-01-01T10:03:00.000Z',
          text: 'My parcel is found',
          attachments: [],
        },
      },
    ]);
    expect(replay([opened, appended, ...events])).toMatchObject({ version: 3, messageCount: 1 });
  });
});

describe('a customer message', () => {
  it('opens a ticket that holds it, when none is open', () => {
    expect(given().when(message())).toEqual([opened, appended]);
  });

  it('is appended to the open ticket, whatever id a new one would have got', () => {
    const next = message({ idempotencyKey: 'k2', messageId: 2, text: null, newTicketId: 't_2' });
    expect(given(opened, appended).when(next)).toEqual([
      {
        ...appended,
        eventId: 't_1.3',
        version: 3,
        idempotencyKey: 'k2',
        data: { ...appended.data, messageId: 2, text: null },
      },
    ]);
  });

  it('counts in the state', () => {
    expect(replay([opened, appended])).toEqual({
      status: 'new',
      ticketId: 't_1',
      botId: '7',
      chatId: '42',
      conversation: '7:42',
      customerId: '42',
      topicId: null,
      previousTicketId: null,
      priority: 'normal',
      assignee: null,
      team: null,
      tags: [],
      watchers: [],
      fields: {},
      links: [],
      mergedInto: null,
      mergedFrom: [],
      snoozedUntil: null,
      askedAt: '2026-01-01T10:00:00.000Z',
      customerWroteAt: '2026-01-01T10:00:00.000Z',
      waitingSince: '2026-01-01T10:00:00.000Z',
      resolvedAt: null,
      version: 2,
      messageCount: 1,
      openedAt: '2026-01-01T10:00:01.000Z',
      updatedAt: '2026-01-01T10:00:01.000Z',
    });
  });
});

const commands = fc.array(
  fc
    .record({
      key: fc.string(),
      messageId: fc.nat(),
      text: fc.option(fc.string()),
      ticket: fc.string({ minLength: 1 }),
    })
    .map(({ key, messageId, text, ticket }) =>
      message({ idempotencyKey: key, messageId, text, newTicketId: `t_${ticket}` }),
    ),
  { maxLength: 40 },
);

/** Runs commands as the service does: decide on the state, fold what was decided. */
function live(all: readonly DecidedCommand[]): { state: TicketState; history: TicketEvent[] } {
  let state: TicketState = NO_TICKET;
  const history: TicketEvent[] = [];
  for (const command of all) {
    const events = decide(command, state);
    history.push(...events);
    state = events.reduce(evolve, state);
  }
  return { state, history };
}

describe('for any sequence of commands', () => {
  it('a replay of the history gives the live state', () => {
    fc.assert(
      fc.property(commands, (all) => {
        const { state, history } = live(all);
        expect(replay(history)).toEqual(state);
      }),
    );
  });

  it('one conversation makes one ticket, its versions have no gaps, and every message is in it', () => {
    fc.assert(
      fc.property(commands, (all) => {
        const { history } = live(all);
        expect(new Set(history.map(({ ticketId }) => ticketId)).size).toBe(all.length === 0 ? 0 : 1);
        expect(history.map(({ version }) => version)).toEqual(history.map((_, index) => index + 1));
        expect(history.filter(({ type }) => type === 'message-appended')).toHaveLength(all.length);
      }),
    );
  });

  it('every event is as published: it passes the contract and survives JSON', () => {
    fc.assert(
      fc.property(commands, (all) => {
        for (const event of live(all).history) {
          expect(ticketEventSchema.parse(JSON.parse(JSON.stringify(event)))).toEqual(event);
        }
      }),
    );
  });

  it('evolve takes any event in any state', () => {
    const events = fc.array(
      fc
        .tuple(fc.constantFrom<TicketEvent>(opened, appended), fc.integer({ min: 1, max: 9 }), fc.string())
        .map(([event, version, ticketId]) => ({ ...event, version, ticketId })),
    );
    fc.assert(
      fc.property(events, (all) => {
        const state = replay(all);
        expect(['none', 'new']).toContain(state.status);
        if (!all.some(({ type }) => type === 'ticket-opened')) expect(state).toEqual(NO_TICKET);
      }),
    );
  });
});
