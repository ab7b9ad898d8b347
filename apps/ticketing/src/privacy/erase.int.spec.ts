/** What people write is in plain words in the words to search by alone, as long as nothing failed, and after an erasure nowhere at all; everything else stays as it was. */
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
import { KeepRetention } from './keep-retention.js';
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
  const first = sent(42, 'sesquipedalian');
  await settling(store.withSession)([update(first), update(sent(43, 'other'))]);
  const edit = { ...first.message, edit_date: 1_760_000_009, text: 'sesquipedalian, edited' };
  await settling(store.withSession)([traced(uniqueRecord({ update_id: 990_002, edited_message: edit }))]);
  expect(await dump()).not.toMatch(/sesquipedalian|Ada|countess/);
  expect((await store.messages()).map(({ text, sender }) => [text, sender?.name])).toEqual([
    ['sesquipedalian, edited', 'Ada'],
    ['other', 'Ada'],
  ]);
  await follow();
  expect(await dump()).toMatch(/sesquipedalian/);
  expect(await hits('sesquipedalian')).toEqual([['⟦sesquipedalian⟧, edited', 'Ada']]);
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

  it('is not undone by an edit of before that comes again', async () => {
    const settle = settling(store.withSession);
    const first = sent(42, 'before');
    const edit = (updateId: number) =>
      traced(
        uniqueRecord({
          update_id: updateId,
          edited_message: { ...first.message, edit_date: 1_760_000_009, text: 'edited' },
        }),
      );
    await settle([update(first)]);
    await settle([edit(990_003)]);
    await erasePerson(store.withSession, person(42), 'ada');
    expect((await settling(store.withSession)([edit(990_004)])).map(({ reason }) => reason)).toEqual([
      'edit-changes-nothing',
    ]);
    expect((await store.messages()).map(({ text, isErased }) => [text, isErased])).toEqual([[null, true]]);
  });

  it('waits for whoever writes words, so that none is left behind', async () => {
    for (let round = 0; round < 10; round += 1) {
      await settling(store.withSession)([update(sent(42, 'sesquipedalian'))]);
      await Promise.all([follow(), erasePerson(store.withSession, person(42), 'ada')]);
    }
    await follow();
    expect(await dump()).not.toMatch(/sesquipedalian/);
  });
});

it('a message without its event, or with one that was tampered with, says nothing and stops nobody', async () => {
  const [first, second] = [sent(42, 'one'), sent(43, 'two')];
  await settling(store.withSession)([update(first), update(second)]);
  await store.ask(
    `delete from ticketing.events where type = 'message-appended' and payload #>> '{data,chatId}' = '42'`,
  );
  await store.ask(
    `update ticketing.events set payload = jsonb_set(payload::jsonb, '{sealed,data}', '"AAAA"')::json where type = 'message-appended'`,
  );
  await follow();
  expect((await store.messages()).map(({ text, isErased }) => [text, isErased])).toEqual([
    [null, false],
    [null, true],
  ]);
});

it('keys are there for a batch whatever others forget meanwhile', async () => {
  const keys = new CustomerKeys(new MasterKeys([{ id: 'spec', key: Buffer.alloc(32, 7) }]));
  await store.withSession(async (session) => {
    const known = await keys.toSeal(session, [person(42)]);
    const both = keys.toSeal(session, [person(42), person(43)]);
    keys.forget([person(42)]);
    expect((await both)(person(42))).toEqual(known(person(42)));
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

it('a bot that keeps texts for some days loses older ones, and the others none', async () => {
  const settle = settling(store.withSession);
  await settle([update(sent(42, 'of a bot with a retention'))]);
  const far = KEY_LIFETIME_MS + 30 * 86_400_000;
  const keep = (botId: string, now: number) =>
    new KeepRetention({
      withSession: store.withSession,
      bots: () => [{ botId, keepMs: 30 * 86_400_000 }],
      now: () => now,
    });
  expect(await keep('8', Date.now() + far).run()).toBe(0);
  expect(await keep('7', Date.now() + far - 60_000).run()).toBe(0);
  expect(await keep('7', Date.now() + far).run()).toBe(1);
  expect((await store.messages()).map(({ text }) => text)).toEqual([null]);
  const erasures = 'select reason, bot_id, person_id, key_count from ticketing.erasures';
  expect(await store.ask(erasures)).toEqual([{ reason: 'retention', bot_id: '7', person_id: null, key_count: 1 }]);
});

describe('another master key', () => {
  const [older, newer] = [
    { id: 'spec', key: Buffer.alloc(32, 7) },
    { id: 'newer', key: Buffer.alloc(32, 8) },
  ];

  it('wraps what the old one wrapped, and then does without it', async () => {
    await settling(store.withSession)([update(sent(42, 'one')), update(sent(43, 'two'))]);
    await expect(openVault(store.withSession, [newer])).rejects.toThrow('MASTER_KEYS lacks spec');
    await expect(openVault(store.withSession, [{ ...newer, id: 'spec' }])).rejects.toThrow('spec is another key');
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
