/** Staff answers customers in Telegram, under the policy of the bot: every answer is in the ticket that it was meant for. */
import {
  meetingAfterTheRead,
  messageFrom,
  withOwnStore,
  settling,
  traced,
  uniqueRecord,
  type TestStore,
} from '../store/fixtures.spec.js';
import { readModelChecksum, rebuildReadModels } from '../store/rebuild-read-models.js';
import type { WithSession } from '../store/session.js';
import { settleUpdates } from '../store/settle-updates.js';
import type { TracedUpdate } from '../store/traced-update.js';

let store: TestStore;
withOwnStore((own) => (store = own));

const BOB = 77;
const GROUP = { chat: { id: -100, type: 'supergroup' } };
const inTopic = (topic: number) => ({ is_topic_message: true, message_thread_id: topic });

/** What somebody writes in the group. */
function writes(user: number, text: string, changes: object = {}): TracedUpdate & { readonly messageId: number } {
  const update = messageFrom(user, text, { ...GROUP, ...changes });
  const record = uniqueRecord(update, { key: '7:-100' });
  return { ...traced(record, { staff: [String(BOB)] }), messageId: update.message.message_id };
}
const answering = (messageId: number, author: number) => ({
  reply_to_message: { message_id: messageId, from: { id: author } },
});
const settle = async (updates: readonly TracedUpdate[], withSession: WithSession = store.withSession) =>
  (await settleUpdates(updates, settling(withSession))).map(({ outcome, reason, ticketId }) => ({
    outcome: reason ?? outcome,
    ticketId,
  }));
const matches = () =>
  store.ask<{ match: string; conversation: string }>(
    `select e.payload #>> '{data,matchedBy}' as match, t.conversation from ticketing.events e join ticketing.tickets t using (ticket_id)
       where e.type = 'staff-replied' order by e.recorded_at, t.conversation`,
  );

describe('an answer of staff in a group is in the ticket', () => {
  it('of the message that it answers, in a later batch and in the same', async () => {
    const [ada, eve] = [writes(42, 'lost'), writes(43, 'broken')];
    await settle([ada, eve]);
    await settle([writes(BOB, 'on its way', answering(ada.messageId, 42))]);
    const kim = writes(44, 'late');
    await settle([
      kim,
      writes(BOB, 'soon', answering(kim.messageId, 44)),
      writes(BOB, 'sorry', answering(eve.messageId, 43)),
    ]);
    expect(await matches()).toEqual([
      { match: 'answered-message', conversation: '7:-100/c42' },
      { match: 'answered-message', conversation: '7:-100/c43' },
      { match: 'answered-message', conversation: '7:-100/c44' },
    ]);
    expect(await store.ask('select distinct status from ticketing.tickets')).toEqual([{ status: 'pending' }]);
  });

  it('of an answer of a colleague that it answers', async () => {
    const ada = writes(42, 'lost');
    const first = writes(BOB, 'on its way', answering(ada.messageId, 42));
    await settle([ada, first, writes(43, 'broken')]);
    await settle([writes(BOB, 'it is there', answering(first.messageId, BOB))]);
    expect((await matches()).map(({ conversation }) => conversation)).toEqual(['7:-100/c42', '7:-100/c42']);
  });

  it('that is the only active one of its topic, whatever is active in others', async () => {
    await settle([writes(42, 'lost', inTopic(3)), writes(43, 'broken', inTopic(4)), writes(44, 'late')]);
    await settle([writes(BOB, 'here', inTopic(4)), writes(BOB, 'and here')]);
    expect(await matches()).toEqual([
      { match: 'only-active-ticket', conversation: '7:-100/c44' },
      { match: 'only-active-ticket', conversation: '7:-100/t4/c43' },
    ]);
  });

  it('in which something happened last, when several are active', async () => {
    await settle([writes(42, 'lost'), writes(43, 'broken')]);
    await store.ask(
      `update ticketing.tickets set updated_at = updated_at - interval '1 hour' where chat_id = '-100' and customer_id = '43'`,
    );
    await settle([writes(BOB, 'here')]);
    expect(await matches()).toEqual([{ match: 'latest-active-ticket', conversation: '7:-100/c42' }]);
  });

  it('or in none, when nobody waits', async () => {
    expect(await settle([writes(BOB, 'good morning')])).toEqual([{ outcome: 'no-ticket-to-answer', ticketId: null }]);
  });
});

it('an answer stops being new: it is a message of the ticket, once, and reads as staff left it', async () => {
  const ada = writes(42, 'lost');
  await settle([ada]);
  const answer = writes(BOB, 'on its way', answering(ada.messageId, 42));
  const again = { ...answer, idempotencyKey: 'another update' };
  const both = await Promise.all(
    [[answer], [again]].map((batch, index) => settle(batch, meeting[index] ?? store.withSession)),
  );
  expect(
    both
      .flat()
      .map(({ outcome }) => outcome)
      .sort(),
  ).toEqual(['message-already-recorded', 'staff-replied']);
  const value = Buffer.from(
    JSON.stringify({
      update_id: 900_123,
      edited_message: {
        message_id: answer.messageId,
        date: 1,
        edit_date: 2,
        ...GROUP,
        from: { id: BOB },
        text: 'is there',
      },
    }),
  );
  const edit = traced(uniqueRecord({}, { value, key: '7:-100' }), { staff: [String(BOB)] });
  expect((await settle([edit])).map(({ outcome }) => outcome)).toEqual(['message-edited']);
  expect((await store.messages()).map(({ author, text }) => ({ author, text }))).toEqual([
    { author: 'customer', text: 'lost' },
    { author: 'staff', text: 'is there' },
  ]);
});
const meeting: WithSession[] = [];
beforeEach(() => void meeting.splice(0, 2, ...meetingAfterTheRead(store.withSession, 2)));

it('a note is in the ticket, and is no answer', async () => {
  const ada = writes(42, 'lost');
  await settle([ada, writes(BOB, '// known customer', answering(ada.messageId, 42))]);
  expect(await store.ask(`select status from ticketing.tickets`)).toEqual([{ status: 'new' }]);
  const rows = await store.ask<{ payload: unknown }>(`select payload from ticketing.events where type = 'note-added'`);
  const [note] = await store.withSession((session) =>
    store.vault.open(
      session,
      rows.map(({ payload }) => payload),
    ),
  );
  expect(note?.event.data).toMatchObject({ text: 'known customer' });
});

it('an answer waits with the conversation that it is meant for, and comes behind what it answers', async () => {
  const fails = writes(42, 'lost');
  await store.ask(
    `insert into ticketing.faults (id, idempotency_key, kind, times, expires_at) values ('f', $1, 'transient', null, now() + interval '1 hour')`,
    [fails.idempotencyKey],
  );
  const outcomes = await settle([
    fails,
    writes(BOB, 'on its way', answering(fails.messageId, 42)),
    writes(43, 'broken'),
  ]);
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['fault-injected', 'behind-parked', 'ticket-opened']);
});

it('a rebuild from the events gives the same read models', async () => {
  const ada = writes(42, 'lost');
  await settle([ada, writes(BOB, 'on its way', answering(ada.messageId, 42)), writes(BOB, '// note')]);
  const before = await readModelChecksum(store.withSession);
  await rebuildReadModels(store.withSession);
  expect(await readModelChecksum(store.withSession)).toBe(before);
});
