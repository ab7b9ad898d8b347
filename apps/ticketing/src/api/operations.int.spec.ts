import { TOPICS } from '@onceline/contracts';
import { eventually } from '@onceline/testing';
import { messageFrom, refuseMessage } from '../store/fixtures.spec.js';
import { ledgerPath, TestService, type Entry } from '../test-service.spec.js';

let service: TestService;
let stopForwarding: () => Promise<void>;
beforeAll(async () => {
  // Tries enough for what is looked at to be still waiting on a busy machine, and few enough to be waited for.
  service = await TestService.start({ FAULTS_ENABLED: 'true', TICKETING_RETRY_TRIES: '30' });
  stopForwarding = service.forwardRetries();
}, 60_000);
afterAll(async () => {
  await stopForwarding();
  await service.stop();
});
afterEach(() => service.admin('DELETE', '/v1/faults'));

const fault = (match: object, changes: object = {}) =>
  service.admin('PUT', '/v1/faults', { rules: [{ match, kind: 'transient', seconds: 600, ...changes }] });
const outcome = (key: string, wanted: string) =>
  eventually(async () => {
    const { json } = await service.get<Entry>(ledgerPath(key));
    expect(json.outcome).toBe(wanted);
    return json;
  });
const letterOf = async (key: string) => {
  const isIt = ({ headers }: { headers: Record<string, string> }) => headers['idempotency-key'] === key;
  return eventually(async () => {
    const letters = await service.recordsOf(TOPICS.ticketingDeadLetter, isIt);
    expect(letters.length).toBeGreaterThan(0);
    return letters.at(-1)!;
  });
};
const deadLetter = async (chat: number, text?: string) => {
  await fault({ conversation: `7:${chat}` }, { kind: 'permanent' });
  const update = messageFrom(chat, text);
  const key = await service.publish(update);
  await outcome(key, 'dead-lettered');
  await service.admin('DELETE', '/v1/faults');
  return { key, letter: await letterOf(key), messageId: update.message.message_id };
};

describe('an operator makes a conversation fail', () => {
  it('sees what waits, why and until when; it goes on by itself, in order', async () => {
    expect((await fault({ conversation: '7:801' })).status).toBe(200);
    const keys: string[] = [];
    for (let index = 0; index < 3; index += 1) keys.push(await service.publish(messageFrom(801, `text ${index}`)));
    const other = await service.publish(messageFrom(802));
    await outcome(other, 'ticket-opened');
    const behind = await outcome(keys[2] ?? '', 'parked');
    expect(behind).toMatchObject({
      reason: 'behind-parked',
      attempts: 0,
      waiting: { headKey: keys[0], conversation: '7:801' },
    });
    const { json } = await service.get<{ items: object[] }>('/v1/parked-conversations');
    expect(json.items).toMatchObject([
      { conversation: '7:801', headKey: keys[0], failureCode: 'fault-injected', followers: 2, redriveId: null },
    ]);
    await service.admin('DELETE', '/v1/faults');
    const { ticketId, explanation } = await outcome(keys[2] ?? '', 'message-appended');
    expect(explanation).toContain('ended as message-appended');
    const { json: ticket } = await service.get<{ messages: { text: string }[]; missing: object[] }>(
      `/v1/tickets/${ticketId}`,
    );
    expect([ticket.messages.map(({ text }) => text), ticket.missing]).toEqual([['text 0', 'text 1', 'text 2'], []]);
  });

  it('for good: the dead letter has its cause, and the ticket shows the gap and what became of it', async () => {
    const first = await service.publish(messageFrom(803));
    const { ticketId } = await outcome(first, 'ticket-opened');
    await fault({ conversation: '7:803' });
    const key = await service.publish(messageFrom(803, 'lost'));
    await outcome(key, 'dead-lettered');
    expect((await letterOf(key)).headers).toMatchObject({ attempt: '30', 'failure-code': 'fault-injected' });
    const missing = async () => (await service.get<{ missing: object[] }>(`/v1/tickets/${ticketId}`)).json.missing;
    expect(await missing()).toMatchObject([
      { idempotencyKey: key, version: 3, reason: 'fault-injected', outcome: 'dead-lettered' },
    ]);
    await service.admin('DELETE', '/v1/faults');
    await service.redeliver(await letterOf(key), { attempt: '0', 'redrive-id': 'r1', 'redrive-count': '1' });
    expect(await outcome(key, 'message-appended')).toMatchObject({ ticketId, redriveId: 'r1', redriveCount: 1 });
    expect(await missing()).toMatchObject([{ idempotencyKey: key, outcome: 'message-appended' }]);
  });

  it('a few tries of one update: it comes through at the next', async () => {
    const update = messageFrom(804);
    const key = `tg1:7:message:804:${update.message.message_id}:${update.update_id}`;
    await fault({ idempotencyKey: key }, { times: 2 });
    await service.publish(update);
    expect(await outcome(key, 'ticket-opened')).toMatchObject({ attempts: 3, failureCode: 'fault-injected' });
  });

  it('the database: consumption rests, readiness says so, no try is spent', async () => {
    await fault({ conversation: '7:805' }, { kind: 'unavailable', seconds: 1 });
    const key = await service.publish(messageFrom(805));
    await eventually(async () => {
      expect(await service.registry.metrics()).toContain('onceline_ticketing_breaker_state{breaker="database"} 2');
    });
    expect(await outcome(key, 'ticket-opened')).toMatchObject({ attempts: 1, failureCode: null });
  });

  it.each([
    [{ match: {}, kind: 'transient', seconds: 1 }, 'body.rules.0.match'],
    [{ match: { share: 2 }, kind: 'transient', seconds: 1 }, 'body.rules.0.match.share'],
    [{ match: { share: 1 }, kind: 'sometimes', seconds: 1 }, 'body.rules.0.kind'],
    [{ match: { share: 1 }, kind: 'unavailable', seconds: 1, times: 3 }, 'body.rules.0.times'],
  ])('%j is refused, the field named', async (rule, field) => {
    const { status, json } = await service.admin('PUT', '/v1/faults', { rules: [rule] });
    expect([status, json['field']]).toEqual([400, field]);
  });
});

describe('a rehearsal', () => {
  const rehearsed = (
    letters: readonly { key: string; letter: { key: string | null; value: Buffer | null; headers: object } }[],
  ) =>
    service.admin<{ updates: { result: string; reason: string | null; ticketId: string | null }[] }>(
      'POST',
      '/v1/rehearsals',
      {
        updates: letters.map(({ key, letter: { key: recordKey, value, headers } }) => ({
          idempotencyKey: key,
          recordKey,
          headers,
          payload: (value ?? Buffer.alloc(0)).toString('base64'),
        })),
      },
    );

  it('says what each redrive would come to, and changes nothing', async () => {
    const opens = await deadLetter(811);
    const appends = await deadLetter(811);
    const open = await service.publish(messageFrom(812));
    await outcome(open, 'ticket-opened');
    const alive = { key: open, letter: { key: '7:812', value: Buffer.from('{}'), headers: { 'bot-id': '7' } } };
    const broken = await deadLetter(813);
    const unreadable = { ...broken, letter: { ...broken.letter, value: Buffer.from('{"update') } };
    const before = await service.store.ask('select * from ticketing.ledger order by 1');
    const { status, json } = await rehearsed([opens, appends, alive, unreadable]);
    expect(status).toBe(200);
    expect(json.updates.map(({ result, reason }) => [result, reason])).toEqual([
      ['would-open', null],
      ['would-append', null],
      ['not-dead-lettered', 'ticket-opened'],
      ['would-fail', 'malformed-update'],
    ]);
    expect(await service.store.ask('select * from ticketing.ledger order by 1')).toEqual(before);
    expect((await service.get(`/v1/tickets/${json.updates[0]?.ticketId}`)).status).toBe(404);
  });

  it('finds what only the database refuses, one by one', async () => {
    const letters = [
      await deadLetter(814, 'fine'),
      await deadLetter(815, 'what the database refuses'),
      await deadLetter(814, 'also fine'),
    ];
    await refuseMessage(service.store, letters[1]?.messageId);
    const { json } = await rehearsed(letters);
    await service.store.ask('alter table ticketing.ticket_messages drop constraint no_poison');
    expect(json.updates.map(({ result }) => result)).toEqual(['would-open', 'would-fail', 'would-append']);
  });

  it('says when the message has its ticket, or would wait behind others', async () => {
    const update = messageFrom(816);
    const there = await service.publish(update);
    const { ticketId } = await outcome(there, 'ticket-opened');
    await fault({ conversation: '7:816' }, { kind: 'permanent' });
    const again = await service.publish({ ...update, update_id: 99_816 });
    await outcome(again, 'dead-lettered');
    await fault({ conversation: '7:816' }, { kind: 'transient' });
    const head = await service.publish(messageFrom(816));
    await outcome(head, 'parked');
    const { json } = await rehearsed([{ key: again, letter: await letterOf(again) }]);
    // The fault that holds the conversation would hold this one as well.
    expect(json.updates).toMatchObject([{ result: 'would-fail', reason: 'fault-injected' }]);
    await service.admin('DELETE', '/v1/faults');
    expect((await rehearsed([{ key: again, letter: await letterOf(again) }])).json.updates).toMatchObject([
      { result: 'has-ticket', ticketId },
    ]);
  });

  it('takes at most five hundred', async () => {
    const one = { idempotencyKey: 'k', recordKey: null, headers: {}, payload: '' };
    const { status, json } = await service.admin('POST', '/v1/rehearsals', { updates: Array(501).fill(one) });
    expect([status, json['field']]).toEqual([400, 'body.updates']);
  });
});

describe('discarding', () => {
  it('turns a dead letter into an outcome with a reason, for good', async () => {
    const { key, letter } = await deadLetter(821);
    const path = `${ledgerPath(key)}/discard`;
    expect((await service.admin('POST', path, {})).json['field']).toBe('body.reason');
    const { status, json } = await service.admin('POST', path, { reason: 'spam' });
    expect([status, json['outcome'], json['reason'], json['failureCode']]).toEqual([
      200,
      'discarded',
      'spam',
      'fault-injected',
    ]);
    expect((await service.admin('POST', path, { reason: 'again' })).json['reason']).toBe('spam');
    await service.redeliver(letter, { attempt: '0', 'redrive-id': 'r1' });
    await outcome(await service.publish(messageFrom(822)), 'ticket-opened');
    expect((await service.get<Entry>(ledgerPath(key))).json.outcome).toBe('discarded');
  });

  it('of what is no dead letter is refused', async () => {
    const key = await service.publish(messageFrom(823));
    await outcome(key, 'ticket-opened');
    expect((await service.admin('POST', `${ledgerPath(key)}/discard`, { reason: 'x' })).status).toBe(409);
    expect((await service.admin('POST', `${ledgerPath('nothing')}/discard`, { reason: 'x' })).status).toBe(404);
    expect((await service.admin('POST', ledgerPath(key), { reason: 'x' })).status).toBe(404);
  });

  it('a key with slashes, and one that ends like the action', async () => {
    const { key } = await deadLetter(824);
    for (const odd of [`${key}/a/b`, `${key}/discard`]) {
      await service.store.ask(
        `insert into ticketing.ledger select $1, bot_id, update_kind, outcome, reason, ticket_id, unique_partition, unique_offset,
           received_at, settled_at, traceparent from ticketing.ledger where idempotency_key = $2`,
        [odd, key],
      );
      expect((await service.admin('POST', `${ledgerPath(odd)}/discard`, { reason: 'x' })).json['outcome']).toBe(
        'discarded',
      );
    }
  });
});

it('a viewer can look, and not act', async () => {
  const act = (method: string, path: string) =>
    fetch(`${service.url}${path}`, { method, headers: { authorization: 'Bearer secret' } });
  for (const [method, path] of [
    ['POST', '/v1/ledger/k/discard'],
    ['POST', '/v1/rehearsals'],
    ['POST', '/v1/dead-letter-breaker/close'],
    ['GET', '/v1/faults'],
    ['PUT', '/v1/faults'],
    ['DELETE', '/v1/faults'],
  ] as const) {
    expect([path, (await act(method, path)).status]).toEqual([path, 403]);
  }
  expect((await service.get('/v1/dead-letter-breaker')).json).toMatchObject({ open: false, reason: null });
});
