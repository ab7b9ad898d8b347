/** What is personal in an event goes as a whole and comes back as it was; what the rules live on stays. */
import fc from 'fast-check';
import { followClocks } from '../sla/ticket-clocks.js';
import { evolveTicket, follow } from './evolve.js';
import type { TicketEvent } from './events.js';
import { NO_TICKET } from './state.js';
import { personalContent, withContent, withoutContent } from './personal-content.js';

const envelope = { ticketId: 't', occurredAt: '2026-01-01T00:00:00.000Z', idempotencyKey: 'k' };
const text = fc.option(fc.string({ unit: 'grapheme', maxLength: 20 }));
const sender = fc.record({ id: fc.constant('42'), name: text, username: text });
const attachment = fc.record({
  type: fc.constant('photo'),
  fileId: text,
  fileUniqueId: text,
  fileName: text,
  mimeType: text,
  fileSize: fc.option(fc.nat()),
});
const message = {
  botId: '7',
  chatId: '42',
  messageId: 1,
  sentAt: envelope.occurredAt,
  mediaGroupId: null,
  editedAt: null,
};
const words = { text, attachments: fc.array(attachment, { maxLength: 2 }) };

/** The data of each kind of event that people write. */
const DATA = {
  'message-appended': fc.record({ ...words, sender: fc.option(sender) }).map((data) => ({ ...message, ...data })),
  'staff-replied': fc
    .record({ ...words, sender })
    .map((data) => ({ ...message, ...data, matchedBy: 'only-active-ticket' })),
  'message-edited': fc.record(words).map((data) => ({ ...message, ...data, editedAt: envelope.occurredAt })),
  'note-added': fc.record({ text: fc.string({ maxLength: 20 }), staff: fc.option(sender), by: fc.constant(null) }),
} as const;

const personal = fc.oneof(
  ...Object.entries(DATA).map(([type, data]) =>
    data.map(
      (each) => ({ ...envelope, eventId: 't.2', version: 2, schemaVersion: 1, type, data: each }) as TicketEvent,
    ),
  ),
);

it('what was taken out and put back is what was there', () => {
  fc.assert(
    fc.property(personal, (event) => {
      const content = personalContent(event);
      fc.pre(content !== undefined);
      expect(withContent(withoutContent(event), content ?? {})).toEqual(event);
    }),
  );
});

it('nothing of it is left behind', () => {
  fc.assert(
    fc.property(personal, (event) => {
      expect(personalContent(withoutContent(event))).toBeUndefined();
    }),
  );
});

it('tickets and clocks are the same without it', () => {
  const opened = {
    ...{ ...envelope, eventId: 't.1', version: 1, schemaVersion: 2, type: 'ticket-opened' },
    data: { botId: '7', chatId: '42', conversation: '7:42', customerId: '42', topicId: null, previousTicketId: null },
  } as TicketEvent;
  fc.assert(
    fc.property(personal, (event) => {
      const before = follow(NO_TICKET, opened);
      if (before.status === 'none') throw new Error('the ticket must be there');
      expect(evolveTicket(before, withoutContent(event))).toEqual(evolveTicket(before, event));
      expect(followClocks(undefined, [opened, withoutContent(event)])).toEqual(
        followClocks(undefined, [opened, event]),
      );
    }),
  );
});
