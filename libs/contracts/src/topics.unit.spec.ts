import fc from 'fast-check';
import {
  heldIn,
  retryTopicName,
  TELEGRAM_RETENTION_MS,
  TOPICS,
  topicDeclarations,
  type TopicDeclaration,
} from './topics.js';

const byName = (topics: readonly TopicDeclaration[]) => new Map(topics.map((topic) => [topic.name, topic]));
const setting = (topic: TopicDeclaration | undefined, name: string): number => Number(topic?.config[name]);
const DAY_MS = 24 * 3_600_000;

describe('topics', () => {
  it('declares every topic once, by a name Kafka takes', () => {
    const names = topicDeclarations().map(({ name }) => name);
    const rungs = ['5s', '30s', '2m', '10m', '1h'].map((rung) => `ticketing.retry.${rung}`);
    expect([...names].sort()).toEqual([...Object.values(TOPICS), ...rungs].sort());
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9.-]{1,249}$/);
  });

  it('gives each wait of a ladder one topic, which says whose it is and how long it holds', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 7 * DAY_MS }), { minLength: 1, maxLength: 10 }), (rungs) => {
        const holding = topicDeclarations({ ticketingRungsMs: rungs }).filter(({ holds }) => holds !== undefined);
        expect(holding.map(({ holds }) => holds)).toEqual(
          [...new Set(rungs)].map((delayMs) => ({ consumer: 'ticketing', delayMs })),
        );
        expect(new Set(holding.map(({ name }) => name)).size).toBe(holding.length);
      }),
    );
    expect([200, 5000, 90_000, 600_000, 7_200_000].map((ms) => retryTopicName('c', ms))).toEqual([
      ...['c.retry.200ms', 'c.retry.5s', 'c.retry.90s', 'c.retry.10m', 'c.retry.2h'],
    ]);
  });

  it('reads a wait back from the name of its topic, and from no other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 * DAY_MS }), (delayMs) => {
        expect(heldIn(retryTopicName('shop.front', delayMs))).toEqual({ consumer: 'shop.front', delayMs });
      }),
    );
    expect(heldIn('shop.retry.90s')).toEqual({ consumer: 'shop', delayMs: 90_000 });
    const others = [
      'shop.retry.0s',
      'shop.retry.5',
      'shop.retry.5d',
      '.retry.5s',
      'shop.retry.5s.old',
      'shop.redelivery',
    ];
    for (const name of others) expect([name, heldIn(name)]).toEqual([name, undefined]);
  });

  it('gives raw, unique, seen, duplicates and their dead letters one partition count', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), (partitions) => {
        const topics = byName(topicDeclarations({ partitions }));
        for (const name of [TOPICS.raw, TOPICS.unique, TOPICS.seen, TOPICS.duplicates, TOPICS.dedupeDeadLetter]) {
          expect(topics.get(name)?.partitions).toBe(partitions);
        }
      }),
    );
  });

  it('keeps a seen key at least a day longer than the dedupe window, in segments that can be dropped in time', () => {
    fc.assert(
      fc.property(fc.integer({ min: TELEGRAM_RETENTION_MS, max: 30 * DAY_MS }), (dedupeTtlMs) => {
        const seen = byName(topicDeclarations({ dedupeTtlMs })).get(TOPICS.seen);
        expect(setting(seen, 'retention.ms')).toBeGreaterThanOrEqual(dedupeTtlMs + DAY_MS);
        expect(setting(seen, 'segment.ms')).toBeLessThanOrEqual(dedupeTtlMs / 10);
        expect(Number.isInteger(setting(seen, 'segment.ms'))).toBe(true);
        expect(seen?.config['cleanup.policy']).toBe('compact,delete');
      }),
    );
  });

  it('keeps raw, duplicates and dead letters as long as the design says', () => {
    const topics = byName(topicDeclarations());
    const days = (name: string) => setting(topics.get(name), 'retention.ms') / DAY_MS;
    expect(days(TOPICS.raw)).toBe(7);
    expect(days(TOPICS.duplicates)).toBeGreaterThanOrEqual(14);
    for (const name of [TOPICS.ingressDeadLetter, TOPICS.dedupeDeadLetter, TOPICS.ticketingDeadLetter]) {
      expect(days(name)).toBeGreaterThanOrEqual(30);
    }
  });

  it('leaves room for headers at every hop that carries a record on', () => {
    const topics = byName(topicDeclarations());
    const room = (name: string) => setting(topics.get(name), 'max.message.bytes');
    const hop = 128 * 1024;
    expect(room(TOPICS.unique)).toBeGreaterThan(room(TOPICS.raw) + hop);
    expect(room(TOPICS.dedupeDeadLetter)).toBeGreaterThan(room(TOPICS.raw) + hop);
    expect(room(TOPICS.ticketingDeadLetter)).toBeGreaterThan(room(TOPICS.unique) + hop);
  });

  it('takes the event of a body whose bytes all have to be replaced', () => {
    const topics = byName(topicDeclarations());
    const text = Buffer.alloc(setting(topics.get(TOPICS.raw), 'max.message.bytes'), 0x80).toString('utf8');
    const room = setting(topics.get(TOPICS.ticketEvents), 'max.message.bytes');
    expect(room).toBeGreaterThan(Buffer.byteLength(JSON.stringify(text)) + 128 * 1024);
  });

  it('takes records of a whole body with failure headers and never an unclean leader', () => {
    for (const topic of topicDeclarations()) {
      expect(setting(topic, 'max.message.bytes')).toBeGreaterThan(1.5 * 1024 * 1024);
      expect(topic.config['unclean.leader.election.enable']).toBe('false');
    }
  });

  it.each([
    [1, '1'],
    [2, '1'],
    [3, '2'],
    [5, '2'],
  ])('with %d copies a write needs %s', (replicationFactor, needed) => {
    for (const topic of topicDeclarations({ replicationFactor })) {
      expect(topic.config['min.insync.replicas']).toBe(needed);
    }
  });
});
