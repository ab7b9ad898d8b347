import type { TopicDeclaration } from '@onceline/contracts';
import type { Kafka } from '@onceline/kafka';
import { StartRefused } from './start-refused.js';

/**
 * Lets a service start only on topics that are as declared.
 * @throws StartRefused with each topic that is not, and the command that mends it.
 */
export async function requireTopics(
  kafka: Pick<Kafka, 'admin'>,
  declarations: readonly TopicDeclaration[],
): Promise<void> {
  const problems = await kafka.admin.check(declarations);
  if (problems.length === 0) return;
  const lines = problems.map(({ topic, message }) => `  ${topic}: ${message}`);
  throw new StartRefused(['The topics are not as declared:', ...lines, 'Fix: run: npm run provision'].join('\n'));
}
