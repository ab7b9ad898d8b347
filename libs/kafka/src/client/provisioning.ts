/** Topics and offsets through kafkajs's admin. */
import type { TopicDeclaration } from '@onceline/contracts';
import type { Admin } from 'kafkajs';
import { KafkaError } from '../errors.js';
import type { TopicAdmin, TopicProblem } from '../port.js';
import { missingTopic, problemsOf } from '../topic-problems.js';
import { differencesOf, splitDifferences, type AlignedTopics, type SettingDifference } from '../topic-settings.js';
import { Turns } from '../turns.js';
import { errorTypes, toKafkaError } from './client-errors.js';
import { readTopicConfigs, writeTopicConfigs, type TopicConfig } from './topic-configs.js';

const PATIENCE_MS = 15_000;
const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 500;
/** A topic that somebody else has just created. */
const LISTED_WITHIN_MS = 1000;

/** A coordinator that has just moved or started answers with these; kafkajs does not ask again. */
const COORDINATOR_MOVING: ReadonlySet<string> = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'UNSTABLE_OFFSET_COMMIT',
  'LEADER_NOT_AVAILABLE',
]);

/** Asks again while a coordinator is being found. @throws KafkaError */
export async function askCoordinator<T>(doing: string, ask: () => Promise<T>): Promise<T> {
  const until = Date.now() + PATIENCE_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(MAX_PAUSE_MS, pause * 2)) {
    try {
      return await ask();
    } catch (error) {
      const moving = errorTypes(error).some((type) => COORDINATOR_MOVING.has(type));
      const failure = toKafkaError(error, doing);
      if ((!moving && failure.code !== 'unavailable') || Date.now() + pause > until) throw failure;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

/** Asks until it holds or the patience is over. */
async function holdsWithin(patienceMs: number, holds: () => Promise<boolean>): Promise<boolean> {
  const until = Date.now() + patienceMs;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(MAX_PAUSE_MS, pause * 2)) {
    if (await holds()) return true;
    if (Date.now() + pause > until) return false;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

function missingOr(error: unknown, topic: string, doing: string): KafkaError {
  const failure = toKafkaError(error, doing);
  return failure.code === 'topic-mismatch'
    ? new KafkaError('topic-mismatch', missingTopic(topic), { cause: error })
    : failure;
}

/** {@link TopicAdmin} over kafkajs's admin, which is connected at first use. */
export class ClientTopicAdmin implements TopicAdmin {
  private readonly listed = new Set<string>();
  /** The client's look at the cluster for one topic can throw away what it has just learnt of another. */
  private readonly looks = new Turns(1);

  constructor(
    private readonly admin: () => Promise<Admin>,
    private readonly reader: () => Promise<{ ranges: TopicAdmin['offsets'] }>,
  ) {}

  /** @throws KafkaError `topic-mismatch` when there is no such topic, `unavailable` */
  async partitionCount(topic: string): Promise<number> {
    const admin = await this.admin();
    try {
      const { topics } = await this.looks.take(() => admin.fetchTopicMetadata({ topics: [topic] }));
      return topics[0]!.partitions.length;
    } catch (error) {
      throw missingOr(error, topic, `looking up topic "${topic}"`);
    }
  }

  async createMissing(
    topics: readonly TopicDeclaration[],
    options: { replicationFactor: number },
  ): Promise<readonly string[]> {
    const existing = new Set(await this.list());
    const missing = topics.filter(({ name }) => !existing.has(name));
    if (missing.length === 0) return [];
    await this.ask(`creating ${missing.map(({ name }) => name).join(', ')}`, (admin) =>
      admin.createTopics({
        // Its own wait gives up on a broker that does not know the new topic yet; ours does not, and each has a leader from the start.
        waitForLeaders: false,
        topics: missing.map(({ name, partitions, config }) => ({
          topic: name,
          numPartitions: partitions,
          replicationFactor: options.replicationFactor,
          configEntries: Object.entries(config).map(([key, value]) => ({ name: key, value })),
        })),
      }),
    );
    const names = missing.map(({ name }) => name);
    await this.untilListed(names);
    return names;
  }

  /** The controller has them at once, the broker that is asked next a moment later. */
  private async untilListed(names: readonly string[]): Promise<void> {
    if (!(await this.listedWithin(PATIENCE_MS, names)))
      throw new KafkaError('unavailable', 'topics that were created are not listed');
  }

  private async listedWithin(patienceMs: number, names: readonly string[]): Promise<boolean> {
    return holdsWithin(patienceMs, async () => {
      const listed = new Set(await this.list());
      for (const name of names) if (listed.has(name)) this.listed.add(name);
      return names.every((name) => listed.has(name));
    });
  }

  /** kafkajs's admin must never look for a topic that is not there: while it does, it finds no other one either. */
  private async mustBeListed(topic: string): Promise<void> {
    if (this.listed.has(topic) || (await this.listedWithin(LISTED_WITHIN_MS, [topic]))) return;
    throw new KafkaError('topic-mismatch', missingTopic(topic));
  }

  list(): Promise<readonly string[]> {
    return this.ask('listing topics', (admin) => admin.listTopics());
  }

  async check(topics: readonly TopicDeclaration[]): Promise<readonly TopicProblem[]> {
    const existing = new Set(await this.list());
    const names = topics.map(({ name }) => name).filter((name) => existing.has(name));
    const counts = new Map<string, number>();
    if (names.length > 0) {
      const metadata = await this.ask('checking topics', (admin) =>
        this.looks.take(() => admin.fetchTopicMetadata({ topics: names })),
      );
      for (const { name, partitions } of metadata.topics) counts.set(name, partitions.length);
    }
    return problemsOf(topics, counts);
  }

  async compareSettings(topics: readonly TopicDeclaration[]): Promise<readonly SettingDifference[]> {
    const configs = await this.configs(topics);
    return differencesOf(topics, new Map([...configs].map(([topic, { all }]) => [topic, all])));
  }

  async raiseSettings(topics: readonly TopicDeclaration[]): Promise<AlignedTopics> {
    const configs = await this.configs(topics);
    const found = new Map([...configs].map(([topic, { all }]) => [topic, all]));
    const aligned = splitDifferences(differencesOf(topics, found));
    await this.ask('raising the settings of topics', (admin) => writeTopicConfigs(admin, aligned.raised, configs));
    await this.untilSet(topics, aligned);
    return aligned;
  }

  /** As {@link untilListed}. */
  private async untilSet(topics: readonly TopicDeclaration[], { raised, left }: AlignedTopics): Promise<void> {
    if (raised.length === 0) return;
    const isSet = async () => (await this.compareSettings(topics)).length <= left.length;
    if (!(await holdsWithin(PATIENCE_MS, isSet)))
      throw new KafkaError('unavailable', 'settings that were raised are not there');
  }

  private configs(topics: readonly TopicDeclaration[]): Promise<ReadonlyMap<string, TopicConfig>> {
    return this.ask('reading the settings of topics', (admin) => readTopicConfigs(admin, topics));
  }

  /** Asked of the log reader: kafkajs's admin gives up where a leader has just moved, or was only just made one. */
  async offsets(topic: string): Promise<readonly { low: number; high: number }[]> {
    await this.mustBeListed(topic);
    return (await this.reader()).ranges(topic);
  }

  async committed(groupId: string, topic: string): Promise<readonly (number | null)[]> {
    await this.mustBeListed(topic);
    const [found] = await askCoordinator(`asking for the offsets that group "${groupId}" committed`, async () =>
      (await this.admin()).fetchOffsets({ groupId, topics: [topic] }),
    );
    return (
      [...(found?.partitions ?? [])]
        .sort((a, b) => a.partition - b.partition)
        // Negative: none yet, or kafkajs's mark for "from the beginning".
        .map(({ offset }) => (Number(offset) < 0 ? null : Number(offset)))
    );
  }

  private async ask<T>(doing: string, ask: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = await this.admin();
    try {
      return await ask(admin);
    } catch (error) {
      throw toKafkaError(error, doing);
    }
  }
}
