/** A message reads as its customer left it, what it said before stays in the history, and no edit makes a second one of it. */
import {
  meetingAfterTheRead,
  messageFrom,
  withOwnStore,
  settling,
  traced,
  uniqueRecord,
  type TestStore,
} from './fixtures.spec.js';
import { readModelChecksum, rebuildReadModels } from './rebuild-read-models.js';
import type { WithSession } from './session.js';
import { settleUpdates } from './settle-updates.js';
import type { TracedUpdate } from './traced-update.js';

let store: TestStore;
withOwnStore((own) => (store = own));

const settle = async (updates: readonly TracedUpdate[], withSession: WithSession = store.withSession) =>
  (await settleUpdates(updates, settling(withSession))).map(({ outcome, reason, ticketId }) => ({
    outcome,
    reason,
    ticketId,
  }));

type Sent = ReturnType<typeof messageFrom>;

let updateId = 900_000;

/** The edit of a message that was sent, this many seconds after it. */
function edited({ message }: Sent, second: number, changes: object): TracedUpdate {
  const edit = { ...message, edit_date: 1_760_000_000 + second, ...changes };
  return traced(uniqueRecord({ update_id: (updateId += 1), edited_message: edit }));
}

const messages = async () =>
  (await store.messages()).map(({ text, editCount: edits, editedAt: when }) => ({ text, edits, at: when }));
const at = (second: number) => new Date((1_760_000_000 + second) * 1000);

describe('an edit', () => {
  it('in a later batch changes what the message reads as', async () => {
    const sent = messageFrom(42, 'lost');
    const [opened] = await settle([traced(uniqueRecord(sent))]);
    const ticketId = opened?.ticketId;
    expect(await settle([edited(sent, 5, { text: 'found' })])).toEqual([
      { outcome: 'message-edited', reason: null, ticketId },
    ]);
    expect(await messages()).toEqual([{ text: 'found', edits: 1, at: at(5) }]);
  });

  it('in the batch of its message too, with whatever else is in it', async () => {
    const [one, two] = [messageFrom(42, 'one'), messageFrom(43, 'two')];
    const outcomes = await settle([
      traced(uniqueRecord(one)),
      edited(one, 1, { text: 'one, changed' }),
      traced(uniqueRecord(two)),
      edited(one, 2, { text: 'one, changed again' }),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      'ticket-opened',
      'message-edited',
      'ticket-opened',
      'message-edited',
    ]);
    expect(await messages()).toEqual([
      { text: 'one, changed again', edits: 2, at: at(2) },
      { text: 'two', edits: 0, at: null },
    ]);
  });

  it('that changes no word and no file changes nothing', async () => {
    const photo = [{ file_id: 'f', file_unique_id: 'u' }];
    const sent = messageFrom(42, 'look', { photo });
    await settle([traced(uniqueRecord(sent))]);
    const preview = { link_preview_options: {}, photo: [{ file_id: 'other', file_unique_id: 'u' }] };
    expect(await settle([edited(sent, 5, preview)])).toMatchObject([
      { outcome: 'ignored', reason: 'edit-changes-nothing', ticketId: expect.any(String) as string },
    ]);
    expect(await messages()).toEqual([{ text: 'look', edits: 0, at: null }]);
    expect(await settle([edited(sent, 6, { photo: [{ file_id: 'g', file_unique_id: 'v' }] })])).toMatchObject([
      { outcome: 'message-edited' },
    ]);
  });

  it('of a message that never came brings the message, and the message that comes after it is the same one', async () => {
    const sent = messageFrom(42, 'lost');
    expect(await settle([edited(sent, 5, { text: 'found' })])).toMatchObject([{ outcome: 'ticket-opened' }]);
    expect(await settle([traced(uniqueRecord(sent))])).toMatchObject([
      { outcome: 'ignored', reason: 'message-already-recorded' },
    ]);
    expect((await messages()).map(({ text }) => text)).toEqual(['found']);
  });

  it('that comes twice at two instances at one moment, under two ids, is one', async () => {
    const sent = messageFrom(42, 'lost');
    await settle([traced(uniqueRecord(sent))]);
    const instances = meetingAfterTheRead(store.withSession, 2);
    const outcomes = await Promise.all(
      instances.map((instance) => settle([edited(sent, 5, { text: 'found' })], instance)),
    );
    expect(
      outcomes
        .flat()
        .map(({ outcome, reason }) => reason ?? outcome)
        .sort(),
    ).toEqual(['edit-changes-nothing', 'message-edited']);
    expect(await messages()).toEqual([{ text: 'found', edits: 1, at: at(5) }]);
  });

  it('of a message in a ticket that has ended does not lead the conversation back there', async () => {
    const sent = messageFrom(42, 'lost');
    const [first] = await settle([traced(uniqueRecord(sent))]);
    await store.ask(`update ticketing.tickets set status = 'closed'`);
    const [second] = await settle([traced(uniqueRecord(messageFrom(42, 'another thing')))]);
    // Once only: what is decided wrongly the database refuses, and a second try would hide it.
    const once = settling(store.withSession);
    const outcomes = await once([edited(sent, 5, { text: 'found' }), traced(uniqueRecord(messageFrom(42, 'hello?')))]);
    expect(outcomes.map(({ outcome, ticketId }) => [outcome, ticketId])).toEqual([
      ['message-edited', first?.ticketId],
      ['message-appended', second?.ticketId],
    ]);
  });

  it('is there again after a rebuild from the events', async () => {
    const sent = messageFrom(42, 'lost', { media_group_id: '7', photo: [{ file_id: 'f', file_unique_id: 'u' }] });
    await settle([traced(uniqueRecord(sent))]);
    await settle([edited(sent, 5, { text: 'found' }), edited(sent, 3, { text: 'searched' })]);
    const before = await readModelChecksum(store.withSession);
    await rebuildReadModels(store.withSession);
    expect(await readModelChecksum(store.withSession)).toBe(before);
    expect(await messages()).toEqual([{ text: 'found', edits: 2, at: at(5) }]);
  });
});

it('who calls the bot opens no ticket, and says something in one that is open', async () => {
  const start = { entities: [{ type: 'bot_command', offset: 0, length: 6 }] };
  const call = () => traced(uniqueRecord(messageFrom(42, '/start', start)));
  expect(await settle([call()])).toEqual([{ outcome: 'ignored', reason: 'bot-command', ticketId: null }]);
  await settle([traced(uniqueRecord(messageFrom(42, 'My parcel is lost')))]);
  expect(await settle([call()])).toMatchObject([{ outcome: 'message-appended' }]);
});
