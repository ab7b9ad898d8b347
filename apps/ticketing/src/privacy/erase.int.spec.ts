/** What people write is nowhere in plain words but in the words to search by, and after an erasure nowhere at all; everything else stays as it was. */
import { searchMessages } from '../api/search-messages.js';
import { readTicket } from '../api/read-tickets.js';
import { FollowWords } from '../search/follow-words.js';
import {
  messageFrom,
  settling,
  testVault,
  traced,
  uniqueRecord,
  withOwnStore,
  type TestStore,
} from '../store/fixtures.spec.js';
import { readModelChecksum, rebuildReadModels } from '../store/rebuild-read-models.js';
import { KEY_LIFETIME_MS, CustomerKeys } from './customer-keys.js';
import { erasePerson, eraseOlder } from './erase.js';
import { MasterKeys } from './master-keys.js';
import { openVault } from './open-vault.js';
import { rewrapKeys } from './rewrap-keys.js';
import { Vault } from './vault.js';

let store: TestStore;
withOwnStore((next) => (store = next));

const NAMES = { first_name: 'Ada', username: 'countess' };
const sent = (chat: number, text: string) => messageFrom(chat, text, { from: { id: chat, is_bot: false, ...NAMES } });
const update = (sentMessage: ReturnType<typeof messageFrom>) => traced(uniqueRecord(sentMessage));
const person = (chat: number) => ({ botId: '7', personId: String(chat) });

/** Every row of every table of ours, as text. */
async function dump(): Promise<string> {
  const tables = await store.ask<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'ticketing' and table_type = 'BASE TABLE'`,
  );
  const rows = await Promise.all(
    tables.map(({ name }) => store.ask<{ row: string }>(`select t::text as row from ticketing.${name} t`)),
  );
  return rows
    .flat()
    .map(({ row }) => row)
    .join('\n');
}

const hits = async (q: string) =>
  (await searchMessages(store, { q, limit: 10 })).items.map(({ excerpt, sender }) => [excerpt, sender?.name]);
const follow = () => new FollowWords(store.withSession, store.vault).run();

it('texts and names are in no table, but in the words to search by', async () => {
  await settling(store.withSession)([update(sent(42, 'sesquipedalian')), update(sent(43, 'other'))]);
  expect(await dump()).not.toMatch(/sesquipedalian|Ada|countess/);
  expect((await store.messages()).map(({ text, sender }) => [text, sender?.name])).toEqual([
    ['sesquipedalian', 'Ada'],
    ['other', 'Ada'],
  ]);
  await follow();
  expect(await dump()).toMatch(/sesquipedalian/);
  expect(await hits('sesquipedalian')).toEqual([['⟦sesquipedalian⟧', 'Ada']]);
});

describe('an erasure', () => {
  it('leaves the ticket, its times and its order, and nothing that was said', async () => {
    const settle = settling(store.withSession);
    const first = sent(42, 'sesquipedalian');
    const [opened] = await settle([update(first)]);
    await settle([update(sent(43, 'stays'))]);
    await follow();
    const before = await readModelChecksum(store.withSession);
    const erasure = await erasePerson(store.withSession, person(42), 'ada');
    expect(erasure).toMatchObject({ botId: '7', personId: '42', reason: 'asked', askedBy: 'ada', keyCount: 1 });
    expect(await dump()).not.toMatch(/sesquipedalian/);
    expect(await hits('sesquipedalian')).toEqual([]);
    expect(await hits('stays')).toHaveLength(1);
    const ticket = await readTicket(store, opened?.ticketId ?? '');
    expect(ticket?.messages).toMatchObject([
      { text: null, attachments: [], isErased: true, sender: { id: '42', name: null, username: null } },
    ]);
    expect(ticket).toMatchObject({ messageCount: 1, customerId: '42', status: 'new' });
    expect(await readModelChecksum(store.withSession)).toBe(before);
    expect((await rebuildReadModels(store.withSession)).differing).toEqual([]);
    expect(await readModelChecksum(store.withSession)).toBe(before);
    expect(await erasePerson(store.withSession, person(42), 'ada')).toMatchObject({ keyCount: 0 });
  });

  it('is unknown to an instance that has the key in memory: it reads nothing, and writes with a new one', async () => {
    const vault = testVault();
    const settle = settling(store.withSession, { vault });
    await settle([update(sent(42, 'before'))]);
    await erasePerson(store.withSession, person(42), 'ada');
    const after = update(sent(42, 'after'));
    await expect(settle([after])).rejects.toMatchObject({ code: '40001' });
    await settle([after]);
    expect((await store.messages()).map(({ text, isErased }) => [text, isErased])).toEqual([
      [null, true],
      ['after', false],
    ]);
  });

  it('is followed by an edit of what was erased: it says what it says now', async () => {
    const settle = settling(store.withSession);
    const first = sent(42, 'before');
    await settle([update(first)]);
    await erasePerson(store.withSession, person(42), 'ada');
    const edit = { ...first.message, edit_date: 1_760_000_009, text: 'before' };
    await settling(store.withSession)([traced(uniqueRecord({ update_id: 990_001, edited_message: edit }))]);
    await follow();
    expect((await store.messages()).map(({ text, sender }) => [text, sender?.name])).toEqual([['before', null]]);
    expect(await hits('before')).toEqual([['⟦before⟧', null]]);
  });

  it('waits for whoever writes words, so that none is left behind', async () => {
    await settling(store.withSession)([update(sent(42, 'sesquipedalian'))]);
    for (let round = 0; round < 10; round += 1) {
      await Promise.all([follow(), erasePerson(store.withSession, person(42), 'ada')]);
    }
    await follow();
    expect(await dump()).not.toMatch(/sesquipedalian/);
  });
});

it('a key seals for a week, and a retention destroys it so long after that as the bot keeps texts', async () => {
  let now = Date.UTC(2026, 0, 1);
  const vault = new Vault(new CustomerKeys(new MasterKeys([{ id: 'spec', key: Buffer.alloc(32, 7) }]), () => now));
  const settle = settling(store.withSession, { vault });
  await settle([update(sent(42, 'first'))]);
  now += KEY_LIFETIME_MS - 1;
  await settle([update(sent(42, 'the same week'))]);
  now += 1;
  await settle([update(sent(42, 'later'))]);
  const texts = async () => (await store.messages()).map(({ text }) => text);
  const until = new Date(Date.UTC(2026, 0, 1) + KEY_LIFETIME_MS);
  expect(await eraseOlder(store.withSession, '7', new Date(until.getTime() - 1))).toBe(0);
  expect(await eraseOlder(store.withSession, '8', until)).toBe(0);
  expect(await texts()).toEqual(['first', 'the same week', 'later']);
  expect(await eraseOlder(store.withSession, '7', until)).toBe(1);
  expect(await texts()).toEqual([null, null, 'later']);
});

describe('another master key', () => {
  const [older, newer] = [
    { id: 'spec', key: Buffer.alloc(32, 7) },
    { id: 'newer', key: Buffer.alloc(32, 8) },
  ];

  it('wraps what the old one wrapped, and then does without it', async () => {
    await settling(store.withSession)([update(sent(42, 'one')), update(sent(43, 'two'))]);
    await expect(openVault(store.withSession, [newer])).rejects.toThrow('MASTER_KEYS lacks spec');
    expect(await rewrapKeys(store.withSession, new MasterKeys([newer, older]))).toBe(2);
    expect(await rewrapKeys(store.withSession, new MasterKeys([newer, older]))).toBe(0);
    const vault = await openVault(store.withSession, [newer]);
    await settling(store.withSession, { vault })([update(sent(42, 'three'))]);
    const rows = await store.ask<{ payload: unknown }>(
      `select payload from ticketing.events where type = 'message-appended' order by ticket_id, version`,
    );
    const opened = await store.withSession((session) =>
      vault.open(
        session,
        rows.map(({ payload }) => payload),
      ),
    );
    expect(opened.map(({ event }) => (event.data as { text?: string }).text).sort()).toEqual(['one', 'three', 'two']);
  });
});
