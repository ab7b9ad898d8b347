import { startStack } from '@onceline/local-stack';
import type { Stack } from '@onceline/local-stack';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectPostgres, isSerializationConflict, isUnavailable, isUniqueViolation } from './index.js';
import type { Postgres, PostgresOptions } from './index.js';

let stack: Stack;
const open: Postgres[] = [];

async function connect(options: Partial<PostgresOptions> = {}): Promise<Postgres> {
  const postgres = await connectPostgres({ url: stack.postgres.url, applicationName: 'spec', poolSize: 4, ...options });
  open.push(postgres);
  return postgres;
}

/** What a call failed with. A call that does not fail fails the spec. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error(`Expected a failure, got ${JSON.stringify(outcome.value)}`);
}

beforeAll(async () => {
  stack = await startStack({ kafka: false, durable: false, exclusive: true });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((postgres) => postgres.close()));
});
afterAll(() => stack.stop());

describe('query', () => {
  it('answers rows for every kind of statement', async () => {
    const postgres = await connect();
    await postgres.query('create table kinds (n int)');
    expect(await postgres.query('insert into kinds values (1), ($1) returning n', [2])).toEqual([{ n: 1 }, { n: 2 }]);
    expect(await postgres.query('update kinds set n = n + 1 returning n')).toEqual([{ n: 2 }, { n: 3 }]);
    expect(await postgres.query('update kinds set n = n')).toEqual([]);
    expect(await postgres.query('delete from kinds where n = 2 returning n')).toEqual([{ n: 2 }]);
    expect(await postgres.query('select n from kinds')).toEqual([{ n: 3 }]);
  });

  it('carries the application name and the time limits', async () => {
    const postgres = await connect({ statementTimeoutMs: 300, idleInTransactionTimeoutMs: 400 });
    const settings = `select current_setting('application_name') as name, current_setting('statement_timeout') as statement,
      current_setting('idle_in_transaction_session_timeout') as idle`;
    expect(await postgres.query(settings)).toEqual([{ name: 'spec', statement: '300ms', idle: '400ms' }]);
    expect(isUnavailable(await failureOf(postgres.query('select pg_sleep(5)')))).toBe(true);
    expect(await postgres.query('select 1 as n')).toEqual([{ n: 1 }]);
  });
});

describe('transaction', () => {
  it('commits, or undoes everything and throws what was thrown', async () => {
    const postgres = await connect();
    await postgres.query('create table marks (n int primary key)');
    const insert = (n: number) =>
      postgres.transaction((tx) => tx.query('insert into marks values ($1) returning n', [n]));
    expect(await insert(1)).toEqual([{ n: 1 }]);
    const ours = new Error('changed my mind');
    const failure = failureOf(
      postgres.transaction(async (tx) => {
        await tx.query('insert into marks values (2)');
        throw ours;
      }),
    );
    expect(await failure).toBe(ours);
    const duplicate = await failureOf(insert(1));
    expect(isUniqueViolation(duplicate, 'marks_pkey')).toBe(true);
    expect(isUnavailable(duplicate)).toBe(false);
    expect(await postgres.query('select n from marks')).toEqual([{ n: 1 }]);
  });

  it('runs in the isolation asked for, and a conflict is known as one', async () => {
    const postgres = await connect();
    await postgres.query('create table balance as select 1 as n');
    const level = 'select current_setting($1) as level';
    const show = (options?: { isolation: 'SERIALIZABLE' }) =>
      postgres.transaction((tx) => tx.query(level, ['transaction_isolation']), options);
    expect(await show()).toEqual([{ level: 'read committed' }]);
    expect(await show({ isolation: 'SERIALIZABLE' })).toEqual([{ level: 'serializable' }]);

    const failure = await failureOf(
      postgres.transaction(
        async (tx) => {
          await tx.query('select n from balance');
          await postgres.query('update balance set n = 2');
          await tx.query('update balance set n = 3');
        },
        { isolation: 'REPEATABLE READ' },
      ),
    );
    expect(isSerializationConflict(failure)).toBe(true);
  });

  it('cannot be used after its end', async () => {
    const postgres = await connect();
    const kept = await postgres.transaction(async (tx) => tx);
    expect(await failureOf(kept.query('select 1'))).toEqual(new Error('The transaction is over.'));
  });

  it('gives its connection back, whatever happened', async () => {
    const postgres = await connect({ poolSize: 1, connectionTimeoutMs: 1000 });
    for (const sql of ['select 1', 'select nothing', 'select 1/0']) {
      await postgres.transaction((tx) => tx.query(sql)).catch(() => undefined);
      await postgres.query(sql).catch(() => undefined);
    }
    expect(await postgres.query('select 1 as n')).toEqual([{ n: 1 }]);
  });
});

describe('PostgreSQL away', () => {
  it('an exhausted pool is unavailable', async () => {
    const postgres = await connect({ poolSize: 1, connectionTimeoutMs: 200 });
    await postgres.transaction(async () => {
      expect(isUnavailable(await failureOf(postgres.query('select 1')))).toBe(true);
    });
  });

  it('a connection that was lost inside a transaction does not pass for a commit', async () => {
    const postgres = await connect();
    await postgres.query('create table lost (n int)');
    const failure = await failureOf(
      postgres.transaction(async (tx) => {
        const [session] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
        await tx.query('insert into lost values (1)');
        await postgres.query('select pg_terminate_backend($1)', [session?.pid]);
        expect(isUnavailable(await failureOf(tx.query('select 1')))).toBe(true);
        expect(isUnavailable(await failureOf(tx.query('select 1')))).toBe(true);
      }),
    );
    expect(isUnavailable(failure)).toBe(true);
    expect(await postgres.query('select n from lost')).toEqual([]);
  });

  it.each(['stop', 'kill'] as const)(
    'a server gone by %s is unavailable, and the same pool works when it is back',
    async (end) => {
      const lost: Error[] = [];
      const postgres = await connect({ connectionTimeoutMs: 2000, onConnectionLost: (error) => lost.push(error) });
      await Promise.all([postgres.query('select pg_sleep(0.1)'), postgres.query('select pg_sleep(0.1)')]);
      const atWork = failureOf(postgres.query('select pg_sleep(30)'));
      const inTransaction = failureOf(postgres.transaction((tx) => tx.query('select pg_sleep(30)')));
      await sleep(200);

      await stack.postgres[end]();
      expect(isUnavailable(await atWork)).toBe(true);
      expect(isUnavailable(await inTransaction)).toBe(true);
      expect(isUnavailable(await failureOf(postgres.query('select 1')))).toBe(true);
      expect(isUnavailable(await failureOf(postgres.transaction((tx) => tx.query('select 1'))))).toBe(true);
      expect(isUnavailable(await failureOf(connect()))).toBe(true);

      await stack.postgres.start();
      expect(await Promise.all([1, 2, 3, 4].map((n) => postgres.query('select $1::int as n', [n])))).toHaveLength(4);
      expect(await postgres.transaction((tx) => tx.query('select 1 as n'))).toEqual([{ n: 1 }]);
    },
  );

  it('an idle connection that breaks is reported and replaced', async () => {
    const lost: Error[] = [];
    const postgres = await connect({ onConnectionLost: (error) => lost.push(error) });
    await stack.postgres.restart();
    await sleep(100);
    expect(lost.length).toBeGreaterThan(0);
    expect(await postgres.query('select 1 as n')).toEqual([{ n: 1 }]);
  });

  it('a wrong password is no absence: waiting does not help', async () => {
    const url = new URL(stack.postgres.url);
    url.password = 'wrong';
    expect(isUnavailable(await failureOf(connect({ url: url.href })))).toBe(false);
  });
});
