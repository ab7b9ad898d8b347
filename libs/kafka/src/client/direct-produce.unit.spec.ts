import { KafkaError } from '../errors.js';
import type { WriteOutcome } from '../wire.js';
import { outcomesOf, type ProduceAnswer } from './direct-produce.js';

const write = (partition: number, topic = 't') => ({ target: { topic, partition }, records: [] });
const answer = (partition: number, errorCode = 0, baseOffset = `${partition * 10}`) => ({
  partition,
  errorCode,
  baseOffset,
});
const of = (...partitions: ReturnType<typeof answer>[]): ProduceAnswer => ({
  topics: [{ topicName: 't', partitions }],
});
const shown = (outcomes: WriteOutcome[]) => outcomes.map((it) => (it instanceof KafkaError ? it.code : it));

describe('the answer to a produce request', () => {
  it('gives each partition its own outcome, in the order of the writes', () => {
    const writes = [write(2), write(0), write(1), write(3), write(4)];
    const outcomes = outcomesOf(writes, of(answer(0), answer(1, 6), answer(2), answer(3, 10), answer(4, 87)));
    expect(shown(outcomes)).toEqual([20, 0, 'unavailable', 'record-too-large', 'client']);
  });

  it('keeps topics apart', () => {
    const topics = [
      { topicName: 'u', partitions: [answer(0, 0, '5')] },
      { topicName: 't', partitions: [answer(0, 19, '-1')] },
    ];
    expect(shown(outcomesOf([write(0), write(0, 'u')], { topics }))).toEqual(['unavailable', 5]);
  });

  it('lets a broker that does not know the topic yet be asked again', () => {
    expect(shown(outcomesOf([write(0)], of(answer(0, 3))))).toEqual(['unavailable']);
  });

  it('is no answer for a partition that it does not name or gives no offset', () => {
    expect(shown(outcomesOf([write(0), write(1), write(2)], of(answer(0), answer(2, 0, '-1'))))).toEqual([
      0,
      'unconfirmed',
      'unconfirmed',
    ]);
    expect(shown(outcomesOf([write(0)], { topics: [] }))).toEqual(['unconfirmed']);
  });

  it('is not believed at all when it names what was not asked, or one partition twice', () => {
    expect(shown(outcomesOf([write(0), write(1)], of(answer(0), answer(1), answer(2))))).toEqual([
      'unconfirmed',
      'unconfirmed',
    ]);
    expect(shown(outcomesOf([write(0), write(1)], of(answer(0), answer(1), answer(1))))).toEqual([
      'unconfirmed',
      'unconfirmed',
    ]);
  });
});
