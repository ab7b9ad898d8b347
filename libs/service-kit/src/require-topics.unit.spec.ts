import { KafkaError, createInMemoryKafka } from '@onceline/kafka';
import { describeFailedStart } from './run-main.js';
import { requireTopics } from './require-topics.js';
import { StartRefused } from './start-refused.js';

const admin = (problems: { topic: string; message: string }[]) =>
  ({ admin: { check: () => Promise.resolve(problems) } }) as unknown as Parameters<typeof requireTopics>[0];

describe('requireTopics', () => {
  it('is silent when all is as declared', async () => {
    await expect(requireTopics(admin([]), [])).resolves.toBeUndefined();
  });

  it('says that Kafka is away, with another exit code, as a later start may succeed', async () => {
    const away = { admin: { check: () => Promise.reject(new KafkaError('unavailable', 'connect refused a:1')) } };
    const refusal = await requireTopics(away as unknown as Parameters<typeof requireTopics>[0], []).catch(
      (error: unknown) => error,
    );
    expect(describeFailedStart(refusal)).toEqual({
      text: expect.stringMatching(
        /^Kafka does not answer: connect refused a:1\nFix: start it, or correct KAFKA_BROKERS; .*KAFKA_TLS and KAFKA_SASL_MECHANISM/,
      ),
      exitCode: 69,
    });
  });

  it('says what a broker refuses as the client says it, and that a restart alone does not help', async () => {
    const refusing = { admin: { check: () => Promise.reject(new KafkaError('refused', 'wrong password. Fix: x')) } };
    const refusal = await requireTopics(refusing as unknown as Parameters<typeof requireTopics>[0], []).catch(
      (error: unknown) => error,
    );
    expect(describeFailedStart(refusal)).toEqual({ text: 'wrong password. Fix: x', exitCode: 78 });
  });

  it('names each topic and the command that mends it', async () => {
    const refusal = await requireTopics(
      admin([
        { topic: 'a', message: 'is missing' },
        { topic: 'b', message: 'has 3 partitions, 12 declared' },
      ]),
      [],
    ).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StartRefused);
    expect(describeFailedStart(refusal)).toEqual({
      text: 'The topics are not as declared:\n  a: is missing\n  b: has 3 partitions, 12 declared\nFix: run: npm run provision',
      exitCode: 78,
    });
  });

  it('wants records kept for as long as declared where told so, and takes longer ones', async () => {
    const kafka = createInMemoryKafka();
    const declare = (name: string, retentionMs: number) => ({
      name,
      partitions: 1,
      config: { 'retention.ms': String(retentionMs) },
    });
    await kafka.admin.createMissing([declare('a', 3_600_000), declare('b', 3_600_000)], { replicationFactor: 1 });
    const longer = [declare('a', 9_000_000), declare('b', 9_000_000)];
    const refusal = await requireTopics(kafka, longer, { kept: ['a'], fix: 'mend it' }).catch((error: Error) => error);
    expect(describeFailedStart(refusal).text).toBe(
      'The topics are not as declared:\n  a: topic "a" keeps its records for 1 h (retention.ms 3600000), ' +
        'needed are 2.5 h: raise it to 9000000\nFix: run: mend it',
    );
    await requireTopics(kafka, longer);
    await requireTopics(kafka, [declare('a', 1000)], { kept: ['a'] });
    await kafka.close();
  });
});
