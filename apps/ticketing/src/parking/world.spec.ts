/** A log, the retry topics and the database of one spec, with everything that can go wrong between them. Kafka's part is played by hand. */
import type { ConsumedRecord } from '@onceline/kafka';
import { TOPICS } from '@onceline/contracts';
import { messageFrom, testRules, traced, uniqueRecord, withOwnStore, type TestStore } from '../store/fixtures.spec.js';
import type { Settlement } from '../store/plan-batch.js';
import type { Session, WithSession } from '../store/session.js';
import { settleBatchOn, type SettleRules } from '../store/settle-batch.js';
import { settleUpdates } from '../store/settle-updates.js';
import type { TracedUpdate } from '../store/traced-update.js';

export interface OutboxRow {
  readonly id: string;
  readonly topic: string;
  readonly key: string;
  readonly value: Buffer;
  readonly headers: Record<string, string>;
}

let offset = 0;

export class World {
  readonly log: TracedUpdate[] = [];

  constructor(
    readonly store: TestStore,
    private readonly changes: Parameters<typeof testRules>[0] = {},
  ) {}

  /** The next customer's message in a chat. */
  write(chat: number, text?: string): TracedUpdate {
    const update = messageFrom(chat, text);
    const record = uniqueRecord(update, { key: `7:${chat}` });
    const key = `k${update.update_id}`;
    const next = traced({ ...record, headers: { ...record.headers, 'idempotency-key': key } });
    this.log.push(next);
    return next;
  }

  writeAll(chats: readonly number[]): TracedUpdate[] {
    return chats.map((chat) => this.write(chat));
  }

  settle(
    updates: readonly TracedUpdate[],
    withSession: WithSession = this.store.withSession,
  ): Promise<readonly Settlement[]> {
    return settleUpdates(updates, settleBatchOn(withSession, this.rules()));
  }

  rules(): SettleRules {
    return testRules(this.changes);
  }

  /** Lets an update fail. Without `times` always. */
  async fail(key: string, kind: 'transient' | 'permanent' | 'unavailable', times: number | null = null): Promise<void> {
    await this.store.ask(
      `insert into ticketing.faults (id, idempotency_key, kind, times, expires_at) values ($1, $1, $2, $3, now() + interval '1 hour')
         on conflict (id) do update set kind = excluded.kind, times = excluded.times`,
      [key, kind, times],
    );
  }

  async heal(key: string): Promise<void> {
    await this.store.ask('delete from ticketing.faults where id = $1', [key]);
  }

  /** Every record that left for a retry topic or came straight back, oldest first. */
  waiting(after = '0'): Promise<OutboxRow[]> {
    return this.store.ask<OutboxRow>(
      `select id::text, topic, key, value, headers from ticketing.outbox where topic <> $1 and id > $2 order by id`,
      [TOPICS.ticketingDeadLetter, after],
    );
  }

  deadLetters(): Promise<OutboxRow[]> {
    return this.store.ask<OutboxRow>(
      `select id::text, topic, key, value, headers from ticketing.outbox where topic = $1 order by id`,
      [TOPICS.ticketingDeadLetter],
    );
  }

  /** As the retry service forwards it: the same record, in the redelivery topic. */
  redelivered(row: OutboxRow, headers: Record<string, string> = {}): TracedUpdate {
    const record: ConsumedRecord = {
      ...{ topic: 'ticketing.redelivery', partition: 0, offset: offset++, timestamp: Date.now() },
      ...{ key: row.key, value: row.value, headers: { ...row.headers, ...headers } },
    };
    return traced(record);
  }

  redriven(row: OutboxRow, id: string, count = 1): TracedUpdate {
    return this.redelivered(row, { attempt: '0', 'redrive-id': id, 'redrive-count': String(count) });
  }

  /** Hands everything back that waits, until nothing more comes out. */
  async deliverAll(after = '0'): Promise<void> {
    for (let last = after; ;) {
      const rows = await this.waiting(last);
      if (rows.length === 0) return;
      last = rows.at(-1)?.id ?? last;
      await this.settle(rows.map((row) => this.redelivered(row)));
    }
  }

  async outcomes(): Promise<
    Map<string, { outcome: string; reason: string | null; attempts: number; redrives: number }>
  > {
    const rows = await this.store.ask<{
      idempotency_key: string;
      outcome: string;
      reason: string | null;
      attempts: number;
      redrive_count: number;
    }>('select * from ticketing.ledger where idempotency_key = any($1)', [
      this.log.map(({ idempotencyKey }) => idempotencyKey),
    ]);
    return new Map(
      rows.map(({ idempotency_key: key, redrive_count: redrives, outcome, reason, attempts }) => [
        key,
        { outcome, reason, attempts, redrives },
      ]),
    );
  }

  /** Keys of the messages in a chat's tickets, in the order of the ticket. */
  async history(chat: number): Promise<string[]> {
    const rows = await this.store.ask<{ key: string }>(
      `select e.idempotency_key as key from ticketing.events e join ticketing.tickets t using (ticket_id)
         where t.chat_id = $1 and e.type = 'message-appended' order by t.opened_at, e.global_id`,
      [String(chat)],
    );
    return rows.map(({ key }) => key);
  }

  /** What must hold after every commit. */
  async contradictions(): Promise<object[]> {
    return this.store.ask(
      `with places as (
         select head_key as key from ticketing.parked_conversations union all select idempotency_key from ticketing.parked_updates)
       select 'not parked' as what, p.key from places p left join ticketing.ledger l on l.idempotency_key = p.key and l.outcome = 'parked'
         where l.idempotency_key is null
       union all select 'parked nowhere', l.idempotency_key from ticketing.ledger l left join places p on p.key = l.idempotency_key
         where l.outcome = 'parked' and p.key is null
       union all select 'twice', key from places group by key having count(*) > 1
       union all select 'followers', p.conversation from ticketing.parked_conversations p
         where followers <> (select count(*) from ticketing.parked_updates u where u.conversation = p.conversation)
       union all select 'no head', u.conversation from ticketing.parked_updates u
         where not exists (select 1 from ticketing.parked_conversations p where p.conversation = u.conversation)
       union all select 'no record', p.head_key from ticketing.parked_conversations p
         where not exists (select 1 from ticketing.outbox o where o.headers->>'idempotency-key' = p.head_key
           and o.headers->>'attempt' = p.attempt::text and o.topic <> 'ticketing.dead-letter')`,
    );
  }
}

/** Each case of a spec has a database of its own, on the stack that all share. */
export function withOwnWorlds(take: (own: { readonly store: TestStore; readonly world: World }) => void): void {
  withOwnStore((store) => take({ store, world: new World(store) }));
}

/** Dies with a statement: before the server has it, or after it has committed and the answer is lost. */
export function dying(withSession: WithSession, when: 'before' | 'after'): WithSession {
  const dead = () => Object.assign(new Error('Connection terminated unexpectedly'), {});
  const mortal = (session: Session): Session => ({
    async query<Row>(statement: Parameters<Session['query']>[0], values: readonly unknown[]) {
      const isWrite = statement.name?.startsWith('write-plan') === true;
      if (isWrite && when === 'before') throw dead();
      const result = await session.query<Row>(statement, values);
      if (isWrite) throw dead();
      return result;
    },
    command: (sql) => session.command(sql),
    discard: () => session.discard(),
  });
  return (work) => withSession((session) => work(mortal(session)));
}
