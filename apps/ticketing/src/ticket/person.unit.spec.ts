/** Whose content something is, and with whom it goes. */
import type { TicketEvent } from './events.js';
import { replay } from './evolve.js';
import { appended, opened } from './fixtures.spec.js';
import { recorded } from './message.js';
import { personOf } from './person.js';
import type { Ticket } from './state.js';

const ticket = replay([opened, appended]) as Ticket;
const topic: Ticket = { ...ticket, chatId: '-100', customerId: null };
const sender = (id: string) => ({ id, name: 'Bob', username: null });
const by = (id: string) => ({ ...appended, data: { ...appended.data, sender: sender(id) } });
const envelope = { ...opened, version: 3, eventId: 't_1.3', schemaVersion: 1 } as const;
const reply = {
  ...{ ...envelope, type: 'staff-replied' },
  data: { ...appended.data, sender: sender('77'), matchedBy: 'answered-message' },
} as TicketEvent & { type: 'staff-replied' };
const note = { ...envelope, type: 'note-added', data: { text: 'x', by: 'ada', staff: null } } as TicketEvent;
const edit = {
  ...{ ...envelope, type: 'message-edited' },
  data: { botId: '7', chatId: '42', messageId: 1, editedAt: envelope.occurredAt, text: 'x', attachments: [] },
} as TicketEvent;

it.each<[string, string, ReturnType<typeof personOf>]>([
  ['what a customer wrote', 'is his', personOf(appended, ticket)],
  ['what he edited', 'is his', personOf(edit, ticket, recorded(appended))],
  ['what staff answered', 'is the customer’s', personOf(reply, ticket)],
  ['what staff edited', 'is the customer’s', personOf(edit, ticket, recorded(reply))],
  ['a note', 'is the customer’s', personOf(note, ticket)],
  ['an edit of what is not known', 'is the customer’s', personOf(edit, ticket)],
])('%s %s', (_what, _whose, person) => {
  expect(person).toEqual({ botId: '7', personId: '42' });
});

it('in a topic that is one ticket for all, what each wrote is his own, and what staff wrote is the chat’s', () => {
  expect([by('43'), by('44')].map((event) => personOf(event, topic).personId)).toEqual(['43', '44']);
  expect(personOf(edit, topic, recorded(by('43'))).personId).toBe('43');
  expect([reply, note].map((event) => personOf(event, topic).personId)).toEqual(['chat:-100', 'chat:-100']);
});

it('what somebody else wrote in the ticket of a customer is his own too', () => {
  expect(personOf(by('43'), ticket).personId).toBe('43');
});
