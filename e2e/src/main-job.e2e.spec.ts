import { eventually } from '@onceline/testing';
import { System } from '@onceline/tools';
import { expectBalanced } from './books.js';
import { sendLoad } from './telegram-load.js';
import { post, privateMessage, read } from './webhook.js';

interface LedgerEntry {
  outcome: string;
  ticketId: string;
  duplicates: unknown[];
}

describe('one update becomes exactly one ticket', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
  });
  afterAll(() => system.stop());

  const ledgerOf = (key: string) => read<LedgerEntry>(system, `/v1/ledger/${encodeURIComponent(key)}`);

  it('can be read as a ticket within a second', async () => {
    const { body, chatId, updateId } = privateMessage('My order has not arrived');
    expect(await post(system, body)).toMatchObject({ status: 200, body: '' });
    const key = `tg1:1000001:message:${chatId}:${updateId % 100_000}:${updateId}`;
    const { json } = await eventually(
      async () => {
        const answer = await ledgerOf(key);
        expect(answer.status).toBe(200);
        return answer;
      },
      { withinMs: 1000 },
    );
    expect(json.outcome).toBe('ticket-opened');
    const ticket = await read<{ messages: { text: string }[] }>(system, `/v1/tickets/${json.ticketId}`);
    expect(ticket.json.messages.map(({ text }) => text)).toEqual(['My order has not arrived']);
  });

  it('says in the ledger why a copy made no second ticket', async () => {
    const { body, chatId, updateId } = privateMessage('Hello?');
    const key = `tg1:1000001:message:${chatId}:${updateId % 100_000}:${updateId}`;
    expect((await post(system, body)).status).toBe(200);
    expect((await post(system, body)).status).toBe(200);
    const { json } = await eventually(async () => {
      const answer = await ledgerOf(key);
      expect(answer.json.duplicates).toHaveLength(1);
      return answer;
    });
    expect(json.outcome).toBe('ticket-opened');
  });

  it('takes 100 copies of one update at once', async () => {
    const { body, chatId, updateId } = privateMessage('All at once');
    const answers = await Promise.all(Array.from({ length: 100 }, () => post(system, body)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 100 }, () => 200));
    const key = `tg1:1000001:message:${chatId}:${updateId % 100_000}:${updateId}`;
    await eventually(async () => expect((await ledgerOf(key)).json.duplicates).toHaveLength(99));
  });

  it('gives two bots with the same chat id two tickets', async () => {
    const { body, chatId } = privateMessage('Which bot?');
    await Promise.all(['1000001', '1000002'].map((bot) => post(system, body, { bot })));
    await eventually(async () => {
      const { json } = await read<{ items: unknown[] }>(system, `/v1/tickets?chat=${chatId}`);
      expect(json.items).toHaveLength(2);
    });
  });

  it('survives redelivery while the first copy is in flight, dropped answers and late copies', async () => {
    const faults = { 'duplicate-in-flight': 0.2, 'drop-answer': 0.05, 'duplicate-later': 0.1 };
    const stats = await sendLoad(system, { updates: 2000, seed: 11, faults });
    expect(stats).toMatchObject({ acknowledged: 2000, pending: 0, dropped: 0 });
    await expectBalanced(system, { atLeastUnique: 2000 });
  });
});
