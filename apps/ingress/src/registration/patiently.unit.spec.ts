import { BotApiError } from './bot-api-failure.js';
import { patiently } from './patiently.js';

function scripted(...failures: unknown[]) {
  const waits: number[] = [];
  const call = async () => {
    if (failures.length === 0) return 'done';
    throw failures.shift();
  };
  const patience = { tries: 3, longestWaitMs: 60_000, sleep: async (ms: number) => void waits.push(ms) };
  return { waits, run: () => patiently(call, patience) };
}

describe('patience', () => {
  it('waits as long as Telegram says, else twice as long each time', async () => {
    const throttled = scripted(new BotApiError('throttled', 'm', 7_000), new BotApiError('timeout', 'm'));
    expect([await throttled.run(), throttled.waits]).toEqual(['done', [7_000, 2_000]]);
  });

  it.each([
    ['what cannot pass', new BotApiError('refused', 'm')],
    ['a wait too long for a person', new BotApiError('throttled', 'm', 60_001)],
    ['a defect', new TypeError('m')],
  ])('ends at once with %s', async (_, failure) => {
    const script = scripted(failure);
    await expect(script.run()).rejects.toBe(failure);
    expect(script.waits).toEqual([]);
  });

  it('ends with the last failure when its tries are used up', async () => {
    const last = new BotApiError('unreachable', 'last');
    const script = scripted(new BotApiError('timeout', 'a'), new BotApiError('garbled', 'b'), last);
    await expect(script.run()).rejects.toBe(last);
    expect(script.waits).toEqual([1_000, 2_000]);
  });
});
