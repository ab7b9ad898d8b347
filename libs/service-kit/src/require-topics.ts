import type { TopicDeclaration } from '@onceline/contracts';
import { KafkaError, type Kafka, type TopicProblem } from '@onceline/kafka';
import { EXIT_UNAVAILABLE, StartRefused } from './start-refused.js';

/**
 * Lets a service start only on topics that are as declared.
 * @throws StartRefused with each topic that is not, and the command that mends it; or that Kafka does not answer.
 */
export async function requireTopics(
  kafka: Pick<Kafka, 'admin'>,
  declarations: readonly TopicDeclaration[],
): Promise<void> {
  const problems = await checkTopics(kafka, declarations);
  if (problems.length === 0) return;
  const lines = problems.map(({ topic, message }) => `  ${topic}: ${message}`);
  throw new StartRefused(['The topics are not as declared:', ...lines, 'Fix: run: npm run provision'].join('\n'));
}

async function checkTopics(
  kafka: Pick<Kafka, 'admin'>,
  declarations: readonly TopicDeclaration[],
): Promise<readonly TopicProblem[]> {
  try {
    return await kafka.admin.check(declarations);
  } catch (error) {
    if (!(error instanceof KafkaError && error.canRetry)) throw error;
    throw new StartRefused(`Kafka does not answer: ${error.message}\nFix: start it, or correct KAFKA_BROKERS`, {
      cause: error,
      exitCode: EXIT_UNAVAILABLE,
    });
  }
}
