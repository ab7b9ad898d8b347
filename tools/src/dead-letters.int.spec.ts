// The dead-letters command against the real service: what it prints and what it says in the end.
import { TOPICS } from '@onceline/contracts';
import { connectKafka, type Kafka } from '@onceline/kafka';
import { eventually } from '@onceline/testing';
import { parseOrder } from './dead-letters/arguments.js';
import { RetryApi } from './dead-letters/retry-api.js';
import { runOrder } from './dead-letters/run.js';
import { System } from './system.js';

let system: System;
let kafka: Kafka;
beforeAll(async () => {
  system = await System.start({ services: ['retry'] });
  kafka = connectKafka({ brokers: system.stack.kafka.brokers, clientId: 'dead-letters-spec' });
  const producer = await kafka.producer();
  for (const key of ['collision-1', 'collision-2']) {
    const headers = {
      'bot-id': '1000001',
      'idempotency-key': key,
      'failure-kind': 'permanent',
      'failure-code': 'key-collision',
      'dead-letter-reason': 'permanent',
      'failure-message': `another payload has this key: ${key}`,
    };
    await producer.send(TOPICS.dedupeDeadLetter, { key: '1000001:42', value: Buffer.from('{"update_id":1}'), headers });
  }
}, 120_000);
afterAll(async () => {
  await kafka.close();
  await system.stop();
});

async function run(line: string): Promise<{ said: string; line: string; good: boolean }> {
  const { retry, tokens } = system.access();
  const said: string[] = [];
  const api = new RetryApi(retry ?? '', tokens.admin);
  const conclusion = await runOrder(api, parseOrder(line.split(' ')), (text) => said.push(text));
  return { said: said.join('\n'), ...conclusion };
}

const idsIn = (text: string): string[] => text.match(/^[0-9a-f]{24}/gm) ?? [];

describe('dead-letters', () => {
  it('lists, groups and shows', async () => {
    const list = await eventually(async () => {
      const found = await run('list --bot 1000001');
      expect(found.line).toBe('2 shown');
      return found;
    });
    expect(list.said).toMatch(/open +dedupe +permanent key-collision/);
    const groups = await run('groups --consumer dedupe');
    expect([groups.line, groups.said]).toEqual(['1 groups, 2 open', expect.stringMatching(/2 open +dedupe +pipeline/)]);
    const [id] = idsIn(list.said);
    const shown = await run(`show ${id}`);
    expect(shown.line).toBe(`${id} is open`);
    expect(shown.said).toMatch(/^given up +permanent$/m);
    expect(shown.said).toContain('payload (15 bytes)\n  {"update_id":1}');
  });

  it('is told why a record without a way back cannot be redriven, and gives it up with a reason', async () => {
    const [first, second] = idsIn((await run('list')).said);
    await expect(run(`redrive ${first} --reason try`)).rejects.toThrow(
      /409 Conflict: Dead letters of dedupe cannot be redriven/,
    );
    expect(await run(`discard ${first} --reason looked-at`)).toMatchObject({ line: '1 discarded', good: true });
    const rest = await run(`discard ${first} ${second} --reason looked-at`);
    expect([rest.line, rest.said]).toEqual(['1 discarded', `  ${first} is discarded: left as it is`]);
    await expect(run(`discard ${first} --reason again`)).rejects.toThrow(/Nothing is open of dead letter/);
    expect((await run(`show ${first}`)).said).toMatch(/discard by admin:[0-9a-f]{8}: looked-at/);
    expect((await run('status')).line).toBe('0 redrives run');
    await expect(run('cancel nowhere --reason x')).rejects.toThrow(/no redrive with this id/);
  });
});
