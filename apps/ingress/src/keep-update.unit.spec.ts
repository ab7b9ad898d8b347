import { TOPICS } from '@onceline/contracts';
import { KAFKA_ERROR_CODES, KafkaError } from '@onceline/kafka';
import { keepUpdate } from './keep-update.js';
import type { AddressedRecord } from './record-update.js';

const delivery = (body: string) => ({ botId: '7', bytes: Buffer.from(body), receivedAt: 0 });
const update = delivery('{"update_id":5,"message":{}}');

describe('keeping an update', () => {
  it('says yes only after the store did', async () => {
    const stored: AddressedRecord[] = [];
    let acknowledge: () => void = () => undefined;
    let settled = false;
    const kept = keepUpdate(update, (record) => {
      stored.push(record);
      return new Promise<void>((resolve) => (acknowledge = resolve));
    }).finally(() => (settled = true));
    await new Promise(setImmediate);
    expect(settled).toBe(false);
    expect(stored.map(({ topic }) => topic)).toEqual([TOPICS.raw]);
    acknowledge();
    expect(await kept).toEqual({ update: expect.objectContaining({ updateId: 5, kind: 'message' }) });
  });

  it('refuses what is no update, after it is in the dead letters', async () => {
    const stored: AddressedRecord[] = [];
    const kept = await keepUpdate(delivery('no'), async (record) => stored.push(record));
    expect(kept).toEqual({ refusal: 'malformed', cause: 'the body is not JSON' });
    expect(stored.map(({ topic }) => topic)).toEqual([TOPICS.ingressDeadLetter]);
  });

  it.each(['{"update_id":5}', 'no'])(
    'asks to come again when the broker fails, whatever the body is (%s)',
    async (body) => {
      for (const code of KAFKA_ERROR_CODES) {
        const kept = await keepUpdate(delivery(body), () => Promise.reject(new KafkaError(code, 'so it is')));
        const refusal = code === 'closed' ? 'shutting-down' : 'broker-unavailable';
        expect(kept).toEqual({ refusal, cause: `${code}: so it is` });
      }
    },
  );

  it('takes a defect of ours for no reason to lose the update, and tells where it is but not what it said', async () => {
    const kept = await keepUpdate(update, () => {
      throw new TypeError('a defect that quotes private words');
    });
    expect(kept).toEqual({ refusal: 'internal-error', cause: expect.stringMatching(/^TypeError at /) });
    expect(JSON.stringify(kept)).not.toContain('private words');
  });
});
