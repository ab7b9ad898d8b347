/** What the specs of this app share: updates to send, a migrated database of their own, and questions to it. */
import { TOPICS } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import { sharedDatabase } from '@onceline/local-stack';
import { eventually, releaseStack, uniqueName, useStack } from '@onceline/testing';
import { connectPostgres, migrate, type Postgres } from '@onceline/postgres';
import { nextHop } from '@onceline/retry-policy';
import { receive, type ReceivedUpdate } from '../intake/to-command.js';
import { botPolicy, botPolicySchema, STANDARD_POLICY, type BotPolicyDocument } from '../policy/bot-policy.js';
import { CustomerKeys } from '../privacy/customer-keys.js';
import { MasterKeys } from '../privacy/master-keys.js';
import { Vault } from '../privacy/vault.js';
import { MESSAGE_PAYLOADS, openMessages, type MessageContent, type MessagePayloads } from './message-content.js';
import { MIGRATIONS } from './migrations.js';
import { settleBatchOn, type SettleBatch, type SettleRules } from './settle-batch.js';
import { sessionsOf } from './sessions.js';
import type { Session, Statement, WithSession } from './session.js';
import type { TracedUpdate } from './traced-update.js';

let offset = 0;

/** A record of `telegram.updates.unique`; every call has its own offset. */
export function uniqueRecord(update: object, changes: Partial<ConsumedRecord> = {}): ConsumedRecord {
  return {
    topic: TOPICS.unique,
    partition: 0,
    offset: offset++,
    timestamp: Date.UTC(2026, 0, 1),
    key: 'conversation',
    value: Buffer.from(JSON.stringify(update)),
    headers: { 'bot-id': '7', 'received-at': '2026-01-01T00:00:00.000Z' },
    ...changes,
  };
}

let messageId = 0;

/** An update with a customer's message in a private chat. */
export function messageFrom(chat: number, text = 'Hello', changes: object = {}) {
  messageId += 1;
  const from = { id: chat, is_bot: false };
  const message = {
    message_id: messageId,
    date: 1_760_000_000,
    chat: { id: chat, type: 'private' },
    from,
    text,
    ...changes,
  };
  return { update_id: messageId, message };
}

/** As a bot without a policy of its own reads it, or one with what is given. */
export function received(record: ConsumedRecord, given: Partial<BotPolicyDocument> = {}): ReceivedUpdate {
  const policy = botPolicy(botPolicySchema.parse(given));
  return receive(record, () => (Object.keys(given).length === 0 ? STANDARD_POLICY : policy));
}

export function traced(record: ConsumedRecord, given: Partial<BotPolicyDocument> = {}): TracedUpdate {
  return { ...received(record, given), traceparent: record.headers['traceparent'] ?? null, tracestate: null };
}

export const tracedMessage = (chat: number, text?: string) => traced(uniqueRecord(messageFrom(chat, text)));

/** As `MASTER_KEYS` has it. */
export const MASTER_KEY = `spec:${Buffer.alloc(32, 7).toString('base64')}`;
const masterKeys = new MasterKeys([{ id: 'spec', key: Buffer.alloc(32, 7) }]);

/** One for each instance: keys that another one has made are not in its memory. */
export const testVault = () => new Vault(new CustomerKeys(masterKeys));

const CONSUMER = { consumer: 'ticketing', random: 0 };

/** Rungs of a second each, three tries, and no faults but those of the spec. */
export function testRules(changes: Partial<SettleRules> & { tries?: number } = {}): SettleRules {
  const { tries = 3, ...rest } = changes;
  const ladder = { rungsMs: [1000], tries, jitter: 0, maxAgeMs: 86_400_000 };
  return {
    nextHop: (failure, attempt, times) => nextHop(ladder, { ...CONSUMER, failure, attempt, ...times }),
    receive: (record) => received(record),
    trace: (update) => ({ ...update, traceparent: update.record.headers['traceparent'] ?? null, tracestate: null }),
    keep: (update) => update,
    drainLimit: 200,
    faults: true,
    vault: testVault(),
    now: Date.now,
    ...rest,
  };
}

export const settling = (withSession: WithSession, changes: Parameters<typeof testRules>[0] = {}): SettleBatch =>
  settleBatchOn(withSession, testRules(changes));

export interface TestStore {
  readonly url: string;
  readonly postgres: Postgres;
  readonly withSession: WithSession;
  readonly vault: Vault;
  /** Messages as they read now, in the order of their ids; or what one condition on `m` finds. */
  messages(where?: string): Promise<readonly StoredMessage[]>;
  /** Rows of any question. */
  ask<Row>(sql: string, values?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** What a message reads like, with some of its row. */
export interface StoredMessage extends MessageContent {
  readonly ticketId: string;
  readonly chatId: string;
  readonly author: 'customer' | 'staff';
  readonly editCount: number;
  readonly editedAt: Date | null;
  readonly deletedAt: Date | null;
}

async function readMessages(session: Session, vault: Vault, where: string): Promise<readonly StoredMessage[]> {
  const text = `select ticket_id as "ticketId", chat_id as "chatId", author, edit_count as "editCount", edited_at as "editedAt",
    deleted_at as "deletedAt", ${MESSAGE_PAYLOADS} from ticketing.ticket_messages m where ${where} order by message_id`;
  const { rows } = await session.query<Omit<StoredMessage, keyof MessageContent> & MessagePayloads>({ text }, []);
  const opened = await openMessages(session, vault, rows);
  return opened.map(({ row: { written: _written, edited: _edited, ...row }, content }) => ({ ...row, ...content }));
}

/** The database will not take this one. */
export async function refuseMessage(store: Pick<TestStore, 'ask'>, id: number | undefined): Promise<void> {
  await store.ask(`alter table ticketing.ticket_messages add constraint no_poison check (message_id <> ${Number(id)})`);
}

/** Of the message that an update brings. */
export function messageIdOf({ verdict }: ReceivedUpdate): number | undefined {
  return verdict.type === 'command' && 'messageId' in verdict.command ? verdict.command.messageId : undefined;
}

/** A database of its own, migrated, on the shared stack; or the one at `url`, for a second instance. */
export async function openStore(url?: string): Promise<TestStore> {
  const address = url ?? (await newDatabase());
  const postgres = await connectPostgres({
    url: address,
    applicationName: 'ticketing-spec',
    migrations: [...MIGRATIONS],
  });
  await migrate(postgres);
  const [withSession, vault] = [sessionsOf(postgres), testVault()];
  return {
    url: address,
    ...{ postgres, withSession, vault },
    messages: (where = 'true') => withSession((session) => readMessages(session, vault, where)),
    ask: (sql, values) => postgres.query(sql, values),
    close: () => postgres.close(),
  };
}

/** Each case of a spec has a database of its own, on the stack that all share. */
export function withOwnStore(take: (store: TestStore) => void): void {
  let store: TestStore;
  beforeEach(async () => {
    store = await openStore();
    take(store);
  });
  afterEach(() => store.close());
  afterAll(releaseStack);
}

/** The same store once the sessions it had are over: only then do the database's statistics have all that they did. */
export async function reopened(store: TestStore): Promise<TestStore> {
  const [clock] = await store.ask<{ now: Date }>('select now()');
  await store.close();
  const next = await openStore(store.url);
  const older = 'select 1 from pg_stat_activity where datname = current_database() and backend_start < $1';
  await eventually(async () => expect(await next.ask(older, [clock?.now])).toEqual([]));
  return next;
}

let template: Promise<string> | undefined;

/** Migrations run once, for a run of many files where these share a server; each case has a copy of what they make. */
async function newDatabase(): Promise<string> {
  const { postgres } = await useStack({ kafka: false });
  const name = databaseName();
  const maintenance = await connectPostgres({ url: postgres.url, applicationName: 'ticketing-spec' });
  try {
    template ??= migratedTemplate(maintenance, (database) => postgres.createDatabase(database));
    await maintenance.query(`create database ${name} template ${await template}`);
  } finally {
    await maintenance.close();
  }
  return databaseAt(postgres.url, name);
}

const TEMPLATE = 'migrated_ticketing';

async function migratedTemplate(server: Postgres, create: (name: string) => Promise<string>): Promise<string> {
  if (sharedDatabase() === undefined) return migratedDatabase(create);
  const found = await server.query('select 1 from pg_database where datname = $1', [TEMPLATE]);
  if (found.length > 0) return TEMPLATE;
  // Only when it is whole it has the name that others look for; a template, so that it outlives the databases of this file.
  await server.query(`alter database ${await migratedDatabase(create)} rename to ${TEMPLATE}`);
  await server.query(`alter database ${TEMPLATE} is_template true`);
  return TEMPLATE;
}

async function migratedDatabase(create: (name: string) => Promise<string>): Promise<string> {
  const name = databaseName();
  const url = await create(name);
  const postgres = await connectPostgres({ url, applicationName: 'ticketing-spec', migrations: [...MIGRATIONS] });
  await migrate(postgres).finally(() => postgres.close());
  return name;
}

function databaseAt(server: string, name: string): string {
  const address = new URL(server);
  address.pathname = `/${name}`;
  return address.href;
}

const databaseName = () => uniqueName('ticketing').replaceAll(/[^a-z0-9_]/g, '_');

/** Counts the round trips of all sessions. */
export function countingRoundTrips(withSession: WithSession): { withSession: WithSession; count: () => number } {
  let count = 0;
  const counting = (session: Session): Session => ({
    query(statement, values) {
      count += 1;
      return session.query(statement, values);
    },
    command(sql) {
      count += 1;
      return session.command(sql);
    },
    discard: () => session.discard(),
  });
  return { withSession: (work) => withSession((session) => work(counting(session))), count: () => count };
}

/**
 * Makes instances meet: none writes before all of them have read, so that every decision but the fastest one rests on what is
 * no longer true. Only the first read of each instance waits.
 */
export function meetingAfterTheRead(withSession: WithSession, instances: number): WithSession[] {
  let waiting = instances;
  let open: () => void = () => undefined;
  const allHaveRead = new Promise<void>((resolve) => (open = resolve));
  return Array.from({ length: instances }, () => {
    let met = false;
    const meeting = (session: Session): Session => ({
      async query<Row>(statement: Statement, values: readonly unknown[]) {
        const result = await session.query<Row>(statement, values);
        if (!met && statement.name === 'read-known') {
          met = true;
          if ((waiting -= 1) === 0) open();
          await allHaveRead;
        }
        return result;
      },
      command: (sql) => session.command(sql),
      discard: () => session.discard(),
    });
    return (work) => withSession((session) => work(meeting(session)));
  });
}
