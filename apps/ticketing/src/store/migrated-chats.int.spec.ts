/** A group becomes a supergroup, which is another chat in another partition: its tickets go on there, whichever comes first. */
import {
  meetingAfterTheRead,
  messageFrom,
  settling,
  traced,
  uniqueRecord,
  withOwnStore,
  type TestStore,
} from './fixtures.spec.js';
import { readModelChecksum, rebuildReadModels } from './rebuild-read-models.js';
import type { WithSession } from './session.js';
import { settleUpdates } from './settle-updates.js';
import type { TracedUpdate } from './traced-update.js';
import { PolicyStore } from '../policy/policy.store.js';

let store: TestStore;
// Before the store is closed.
afterEach(async () => {
  const before = await readModelChecksum(store.withSession);
  await rebuildReadModels(store.withSession);
  expect(await readModelChecksum(store.withSession)).toBe(before);
});
withOwnStore((own) => (store = own));

const [OLD, NEW] = [-3, -1003];
const typeOf = (chat: number) => (chat === OLD ? 'group' : 'supergroup');

function inChat(chat: number, user: number, changes: object = {}): TracedUpdate & { readonly messageId: number } {
  const update = messageFrom(user, 'lost', { chat: { id: chat, type: typeOf(chat) }, ...changes });
  const record = uniqueRecord(update, { key: `7:${chat}`, partition: chat === OLD ? 1 : 2 });
  return { ...traced(record, { staff: ['77'] }), messageId: update.message.message_id };
}
const arrives = () => inChat(NEW, 1, { text: undefined, migrate_from_chat_id: OLD });
const departs = () => inChat(OLD, 1, { text: undefined, migrate_to_chat_id: NEW });

const settle = async (updates: readonly TracedUpdate[], withSession: WithSession = store.withSession) =>
  (await settleUpdates(updates, settling(withSession))).map(({ outcome, reason }) => reason ?? outcome);
const tickets = () =>
  store.ask<{ chat: string; conversation: string; messages: number }>(
    `select chat_id as chat, conversation, message_count as messages from ticketing.tickets order by opened_at, conversation`,
  );
const end = () =>
  store.ask(
    `insert into ticketing.events (ticket_id, version, type, event_id, idempotency_key, payload)
       select ticket_id, version + 1, 'ticket-status-changed', ticket_id || '.' || version + 1, 'command:ada:' || ticket_id, json_build_object(
         'eventId', ticket_id || '.' || version + 1, 'ticketId', ticket_id, 'version', version + 1, 'type', 'ticket-status-changed',
         'schemaVersion', 1, 'occurredAt', '2026-01-01T00:00:00.000Z', 'idempotencyKey', 'command:ada:' || ticket_id, 'data', json_build_object(
           'from', status, 'to', 'closed', 'reason', 'agent', 'snoozedUntil', null, 'by', 'ada')) from ticketing.tickets;
     update ticketing.tickets set status = 'closed', version = version + 1, waiting_since = null`,
  );

it('tickets go on in the new chat, and their customers with them', async () => {
  await settle([inChat(OLD, 42), inChat(OLD, 43)]);
  expect(await settle([arrives(), inChat(NEW, 42), departs()])).toEqual([
    ...['event-recorded', 'message-appended', 'service-message'],
  ]);
  expect(await tickets()).toEqual([
    { chat: '-1003', conversation: '7:-1003/c42', messages: 2 },
    { chat: '-1003', conversation: '7:-1003/c43', messages: 1 },
  ]);
});

it('the last one that ended too: the next ticket names it', async () => {
  await settle([inChat(OLD, 42)]);
  await end();
  await settle([inChat(OLD, 42)]);
  await end();
  await settle([arrives()]);
  expect(await settle([inChat(NEW, 42)])).toEqual(['ticket-opened']);
  const [names] = await store.ask<{ named: boolean }>(
    `select (select count(*)::int from ticketing.tickets p where p.ticket_id = t.previous_ticket_id and p.previous_ticket_id is not null) = 1 as named
       from ticketing.tickets t where status = 'new'`,
  );
  expect(names).toEqual({ named: true });
});

describe('what comes late from the old chat', () => {
  it('is in the ticket, in a later batch and in the same one', async () => {
    await settle([inChat(OLD, 42)]);
    expect(await settle([arrives(), inChat(OLD, 42)])).toEqual(['event-recorded', 'message-appended']);
    expect(await settle([inChat(OLD, 42)])).toEqual(['message-appended']);
    expect(await tickets()).toEqual([{ chat: '-1003', conversation: '7:-1003/c42', messages: 3 }]);
  });

  it('opens its ticket in the new one, also where no ticket went there', async () => {
    expect(await settle([arrives()])).toEqual(['service-message']);
    expect(await settle([inChat(OLD, 42)])).toEqual(['ticket-opened']);
    expect(await settle([inChat(NEW, 42)])).toEqual(['message-appended']);
    expect(await tickets()).toEqual([{ chat: '-1003', conversation: '7:-1003/c42', messages: 2 }]);
  });

  it('is an edit, an answer of staff, or the customer who leaves', async () => {
    const asked = inChat(OLD, 42);
    await settle([asked, arrives()]);
    const edit = {
      message_id: asked.messageId,
      date: 1,
      edit_date: 2,
      chat: { id: OLD, type: 'group' },
      from: { id: 42 },
    };
    const edited = uniqueRecord({ update_id: 900_001, edited_message: { ...edit, text: 'found' } }, { key: '7:-3' });
    const answers = { reply_to_message: { message_id: asked.messageId, from: { id: 42 } } };
    expect(
      await settle([
        traced(edited),
        inChat(OLD, 77, answers),
        inChat(OLD, 77),
        inChat(OLD, 42, { text: undefined, left_chat_member: { id: 42 } }),
      ]),
    ).toEqual(['message-edited', 'staff-replied', 'staff-replied', 'event-recorded']);
    expect(await tickets()).toEqual([{ chat: '-1003', conversation: '7:-1003/c42', messages: 1 }]);
  });
});

it('staff answers in the new chat whom it could not have meant otherwise', async () => {
  await settle([inChat(OLD, 42), arrives()]);
  expect(await settle([inChat(NEW, 77)])).toEqual(['staff-replied']);
});

it('a ticket that is opened at the old chat at that very moment is taken along by the last word there', async () => {
  const [one, other] = meetingAfterTheRead(store.withSession, 2);
  await Promise.all([settle([inChat(OLD, 42)], one), settle([arrives()], other)]);
  expect(await tickets()).toMatchObject([{ chat: '-3' }]);
  expect(await settle([departs()])).toEqual(['event-recorded']);
  expect(await tickets()).toEqual([{ chat: '-1003', conversation: '7:-1003/c42', messages: 1 }]);
});

it('where another ticket is active there by then, it keeps its conversation', async () => {
  const [one, other] = meetingAfterTheRead(store.withSession, 2);
  await Promise.all([settle([inChat(OLD, 42)], one), settle([arrives()], other)]);
  await settle([inChat(NEW, 42)]);
  expect(await settle([departs()])).toEqual(['event-recorded']);
  expect(await tickets()).toEqual([
    { chat: '-1003', conversation: '7:-1003/c42', messages: 1 },
    { chat: '-1003', conversation: '7:-3/c42', messages: 1 },
  ]);
});

it('both words at one moment move a ticket once', async () => {
  await settle([inChat(OLD, 42)]);
  const [one, other] = meetingAfterTheRead(store.withSession, 2);
  const outcomes = await Promise.all([settle([arrives()], one), settle([departs()], other)]);
  expect(outcomes.flat().sort()).toEqual(['event-recorded', 'service-message']);
  expect(await tickets()).toEqual([{ chat: '-1003', conversation: '7:-1003/c42', messages: 1 }]);
});

it('the policy that was written for the group is read with what has become of it', async () => {
  await settle([arrives()]);
  const policies = new PolicyStore(store.withSession);
  await store.ask(
    `insert into ticketing.policies (bot_id, version, document, made_by) values ('7', 1, $1, 'ada'), ('8', 1, $1, 'ada')`,
    [JSON.stringify({ groupTicketsByChat: { '-3': 'topic' } })],
  );
  const [seven, eight] = await policies.readAll();
  expect([seven?.migratedFrom, eight?.migratedFrom]).toEqual([{ '-1003': '-3' }, undefined]);
});
