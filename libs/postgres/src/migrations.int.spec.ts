import { startStack } from '@onceline/local-stack';
import type { Stack } from '@onceline/local-stack';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { connectPostgres, migrate, pendingMigrations, runMigrationProgram } from './index.js';
import type { Postgres } from './index.js';

class CreateNotes1700000000001 implements MigrationInterface {
  // Slow, so that racers meet, and longer than the pool's time limit for statements.
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('select pg_sleep(0.4)');
    await runner.query('create table notes (n int)');
  }
  async down(): Promise<void> {}
}

class FillNotes1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('insert into notes values (1)');
  }
  async down(): Promise<void> {}
}

class BreakNotes1700000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('insert into notes values (2)');
    await runner.query('insert into no_such_table values (1)');
  }
  async down(): Promise<void> {}
}

const NAMES = ['CreateNotes1700000000001', 'FillNotes1700000000002'];

let stack: Stack;
const open: Postgres[] = [];

async function connect(database: string, ...more: (new () => MigrationInterface)[]): Promise<Postgres> {
  const postgres = await connectPostgres({
    url: await stack.postgres.createDatabase(database),
    applicationName: 'spec',
    statementTimeoutMs: 200,
    migrations: [FillNotes1700000000002, CreateNotes1700000000001, ...more],
  });
  open.push(postgres);
  return postgres;
}

beforeAll(async () => {
  stack = await startStack({ kafka: false, durable: false, exclusive: true });
});
afterAll(async () => {
  await Promise.all(open.map((postgres) => postgres.close()));
  await stack.stop();
});

it('runs what is pending, in order, and is safe to repeat', async () => {
  const postgres = await connect('repeat');
  expect(await pendingMigrations(postgres)).toEqual(NAMES);
  expect(await migrate(postgres)).toEqual(NAMES);
  expect(await pendingMigrations(postgres)).toEqual([]);
  expect(await migrate(postgres)).toEqual([]);
  expect(await postgres.query('select n from notes')).toEqual([{ n: 1 }]);
});

it('tells what is pending and changes nothing, then runs it', async () => {
  const url = await stack.postgres.createDatabase('program');
  const program = async (check: boolean) => {
    const lines: string[] = [];
    const migrations = [FillNotes1700000000002, CreateNotes1700000000001];
    const print = (line: string) => lines.push(line);
    const code = await runMigrationProgram({ database: { url }, migrations, check, print });
    return [code, ...lines];
  };
  const told = [1, ...NAMES.map((name) => `migration ${name} has not run`)];
  expect(await program(true)).toEqual(told);
  expect(await program(true)).toEqual(told);
  expect(await program(false)).toEqual([0, `migrations: ran ${NAMES.join(', ')}`]);
  expect(await program(true)).toEqual([0]);
  expect(await program(false)).toEqual([0, 'migrations: nothing to do']);
});

it('is safe to run from several processes at once', async () => {
  const racers = await Promise.all([1, 2, 3, 4].map(() => connect('race')));
  const ran = await Promise.all(racers.map(migrate));
  expect(ran.filter((names) => names.length > 0)).toEqual([NAMES]);
  expect(await racers[0]?.query('select n from notes')).toEqual([{ n: 1 }]);
});

it('undoes a migration that fails, keeps those before it, and frees the lock', async () => {
  const broken = await connect('broken', BreakNotes1700000000003);
  await expect(migrate(broken)).rejects.toThrow('no_such_table');
  expect(await pendingMigrations(broken)).toEqual(['BreakNotes1700000000003']);
  expect(await broken.query('select n from notes')).toEqual([{ n: 1 }]);
  expect(await migrate(await connect('broken'))).toEqual([]);
});
