import { KafkaError } from '@onceline/kafka';
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
      text: 'Kafka does not answer: connect refused a:1\nFix: start it, or correct KAFKA_BROKERS',
      exitCode: 69,
    });
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
});
