import type { TopicDeclaration } from '@onceline/contracts';
import { KafkaError, isRaise, type Kafka, type SettingDifference, type TopicProblem } from '@onceline/kafka';
import { EXIT_UNAVAILABLE, StartRefused } from './start-refused.js';

const PROVISION = 'npm run provision';

/** What more than partitions a service wants of its topics. */
export interface TopicDemands {
  /** Topics that must keep their records for as long as declared, at least. */
  readonly kept?: readonly string[];
  /** The command that mends it. Default `npm run provision`. */
  readonly fix?: string;
}

/**
 * Lets a service start only on topics that are as declared.
 * @throws StartRefused with each topic that is not, and the command that mends it; or that Kafka does not answer or let us in.
 */
export async function requireTopics(
  kafka: Pick<Kafka, 'admin'>,
  declarations: readonly TopicDeclaration[],
  { kept = [], fix = PROVISION }: TopicDemands = {},
): Promise<void> {
  const problems = await answerOf(async () => [
    ...(await kafka.admin.check(declarations)),
    ...(await tooShort(kafka, declarations, kept)),
  ]);
  if (problems.length === 0) return;
  const lines = problems.map(({ topic, message }) => `  ${topic}: ${message}`);
  throw new StartRefused(['The topics are not as declared:', ...lines, `Fix: run: ${fix}`].join('\n'));
}

async function tooShort(
  { admin }: Pick<Kafka, 'admin'>,
  declarations: readonly TopicDeclaration[],
  kept: readonly string[],
): Promise<readonly TopicProblem[]> {
  if (kept.length === 0) return [];
  const differences = await admin.compareSettings(declarations.filter(({ name }) => kept.includes(name)));
  return differences
    .filter((difference) => difference.setting === 'retention.ms' && isRaise(difference))
    .map((difference) => ({ topic: difference.topic, message: shortRetention(difference) }));
}

const HOUR_MS = 3_600_000;

function shortRetention({ topic, found, declared }: SettingDifference): string {
  const hours = (ms: string) => `${Number((Number(ms) / HOUR_MS).toFixed(1))} h`;
  return (
    `topic "${topic}" keeps its records for ${hours(found)} (retention.ms ${found}), ` +
    `needed are ${hours(declared)}: raise it to ${declared}`
  );
}

/** A broker says nothing to who speaks to its listener in another way than it expects: it closes the connection. */
const AWAY_FIX =
  'start it, or correct KAFKA_BROKERS; if it closes each connection, KAFKA_TLS and KAFKA_SASL_MECHANISM are not as its listener requires';

async function answerOf<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    if (error.code === 'refused') throw new StartRefused(error.message, { cause: error });
    if (!error.canRetry) throw error;
    throw new StartRefused(`Kafka does not answer: ${error.message}\nFix: ${AWAY_FIX}`, {
      cause: error,
      exitCode: EXIT_UNAVAILABLE,
    });
  }
}
