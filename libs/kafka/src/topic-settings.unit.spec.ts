import fc from 'fast-check';
import { describeDifference, differencesOf, isRaise } from './topic-settings.js';

const topics = [
  { name: 'a', partitions: 1, config: { 'retention.ms': '100', 'cleanup.policy': 'compact,delete' } },
  { name: 'missing', partitions: 1, config: { 'retention.ms': '100' } },
];
const found = (settings: Record<string, string>) => new Map([['a', new Map(Object.entries(settings))]]);

describe('differences', () => {
  it('are the declared settings that a topic has otherwise', () => {
    const settings = found({ 'retention.ms': '99', 'cleanup.policy': 'delete,compact', 'segment.ms': '1' });
    expect(differencesOf(topics, settings)).toEqual([
      { topic: 'a', setting: 'retention.ms', found: '99', declared: '100' },
    ]);
    expect(differencesOf(topics, new Map())).toEqual([]);
  });

  it('say how to set what is left to people, and what is not', () => {
    const raise = { topic: 'a', setting: 'retention.ms', found: '1', declared: '2' };
    expect(describeDifference(raise)).toBe('topic "a" has retention.ms 1, declared is 2: npm run provision raises it');
    const difference = { topic: 'a', setting: 'cleanup.policy', found: 'delete', declared: 'compact,delete' };
    expect(describeDifference(difference)).toMatch(
      /left as it is.*--entity-name a --add-config cleanup.policy=\[compact,delete\]$/,
    );
  });
});

describe('a raise', () => {
  const difference = (setting: string, from: number, to: number) => ({
    topic: 'a',
    setting,
    found: String(from),
    declared: String(to),
  });

  it('gives room and never takes any', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (from, to) => {
        for (const setting of ['max.message.bytes', 'retention.ms']) {
          expect(isRaise(difference(setting, from, to))).toBe(to > from);
        }
        expect(isRaise(difference('min.insync.replicas', from, to))).toBe(false);
      }),
    );
  });

  it('takes -1 for retention without end', () => {
    expect(isRaise(difference('retention.ms', 5, -1))).toBe(true);
    expect(isRaise(difference('retention.ms', -1, 5))).toBe(false);
  });
});
