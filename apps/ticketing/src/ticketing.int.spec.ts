import { TOPICS } from '@onceline/contracts';
import { eventually, useStack } from '@onceline/testing';
import { readTicketingConfig } from './config.js';
import { messageFrom } from './store/fixtures.spec.js';
import { TestService } from './test-service.spec.js';

let service: TestService;
beforeAll(async () => {
  await useStack({ exclusive: true }); // PostgreSQL is taken away below
  service = await TestService.start();
}, 60_000);
afterAll(() => service.stop());

it('metrics have all their labels from the start, and the lag of every partition', async () => {
  const metrics = await service.registry.metrics();
  for (const line of [
    'updates_settled_total{outcome="discarded"} 0',
    'updates_ignored_total{reason="sender-is-chat"} 0',
    'dead_letters_total{code="handler-defect",class="pipeline"} 0',
    'retries_total{code="fault-injected"} 0',
    'breaker_state{breaker="database"} 0',
    'parked_conversations 0',
    'consumer_paused 0',
    'consumer_lag_records{topic="telegram.updates.unique",partition="2"} 0',
  ]) {
    expect(metrics).toContain(`onceline_ticketing_${line}`);
  }
});

describe('a second instance', () => {
  it('joins and leaves under load: every update has one outcome, every conversation one ticket in order', async () => {
    const chats = Array.from({ length: 20 }, (_, index) => 700 + index);
    const keys: string[] = [];
    const load = (async () => {
      for (let round = 0; round < 30; round += 1) {
        keys.push(...(await Promise.all(chats.map((chat) => service.publish(messageFrom(chat, `round ${round}`))))));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    const second = await service.startInstance();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await second.stop();
    await load;
    await eventually(
      async () => {
        const [row] = await service.store.ask<{ n: number }>(
          'select count(*)::int as n from ticketing.ledger where idempotency_key = any($1)',
          [keys],
        );
        expect(row?.n).toBe(600);
      },
      { withinMs: 30_000 },
    );
    const messages = await service.store.messages(`chat_id = any('{${chats.join(',')}}')`);
    const tickets = new Set(messages.map(({ ticketId }) => ticketId));
    expect(tickets.size).toBe(20);
    for (const ticket of tickets) {
      const ofTicket = messages.filter(({ ticketId }) => ticketId === ticket);
      expect(ofTicket.map(({ text }) => text)).toEqual(Array.from({ length: 30 }, (_, round) => `round ${round}`));
    }
  }, 90_000);
});

describe('PostgreSQL away', () => {
  it('consumption waits, readiness and API say so, nothing is dead-lettered, and it goes on by itself', async () => {
    const deadBefore = await service.store.ask('select 1 from ticketing.outbox');
    await service.stack.postgres.stop();
    const keys = await Promise.all(
      Array.from({ length: 50 }, (_, index) => service.publish(messageFrom(800 + (index % 5)))),
    );
    await eventually(async () => {
      expect(await service.registry.metrics()).toContain('onceline_ticketing_consumer_paused 1');
    });
    const ready = await fetch(`${service.url}/health/ready`);
    expect([ready.status, await ready.text()]).toEqual([503, expect.stringContaining('database unavailable')]);
    const { status, json } = await service.get('/v1/tickets');
    expect([status, json['detail']]).toEqual([503, 'The database is away.']);
    // Measured every ten seconds.
    await eventually(async () => {
      const age = /^onceline_ticketing_unread_oldest_seconds\{topic="telegram\.updates\.unique"\} [1-9]/m;
      expect(await service.registry.metrics()).toMatch(age);
    });
    await service.stack.postgres.start();
    await eventually(
      async () => {
        const rows = await service.store.ask('select 1 from ticketing.ledger where idempotency_key = any($1)', [keys]);
        expect(rows).toHaveLength(50);
        expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
      },
      { withinMs: 60_000 },
    );
    expect(await service.registry.metrics()).toContain('onceline_ticketing_consumer_paused 0');
    expect(await service.store.ask('select 1 from ticketing.outbox')).toHaveLength(deadBefore.length);
    // The relay has found its way back too.
    const { ticketId } = await service.settled(keys[0] ?? '');
    await eventually(async () => {
      expect(await service.recordsOf(TOPICS.ticketEvents, ({ key }) => key === ticketId)).toHaveLength(11);
    });
  }, 120_000);
});

describe('a start is refused with the way out', () => {
  const startError = (changes: Record<string, string>) =>
    service.startInstance(changes).then(
      () => new Error('it started'),
      (error: Error) => error,
    );

  it('while migrations are pending', async () => {
    const url = await service.stack.postgres.createDatabase('without_migrations');
    const { message } = await startError({ DATABASE_URL: url });
    expect(message).toContain('CreateSchema1764000000000');
    expect(message).toContain('npm run provision');
  });

  it('when the database does not exist or the password is wrong, without showing it', async () => {
    const missing = new URL(service.store.url);
    missing.pathname = '/nowhere';
    expect((await startError({ DATABASE_URL: missing.href })).message).toContain('the database does not exist');
    const wrong = new URL(service.store.url);
    wrong.password = 'not-the-password';
    const { message } = await startError({ DATABASE_URL: wrong.href });
    expect(message).toContain('the password is wrong');
    expect(message).not.toContain('not-the-password');
  });

  it('when the topics have another partition count', async () => {
    expect((await startError({ PARTITIONS: '5' })).message).toContain('npm run provision');
  });

  it('when settings are wrong, all of them named', () => {
    expect(() =>
      readTicketingConfig(
        service.environment({ DATABASE_URL: 'mysql://x', TICKETING_MAX_BATCH: '0', API_TOKENS: 'viewer:short' }),
      ),
    ).toThrow(/DATABASE_URL[\s\S]*API_TOKENS=\*\*\*[\s\S]*TICKETING_MAX_BATCH/);
  });
});
