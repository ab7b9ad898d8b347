/** Settings of topics through kafkajs's admin. */
import type { TopicDeclaration } from '@onceline/contracts';
import type { Admin } from 'kafkajs';
import type { KafkaOptions } from '../port.js';
import { differencesOf, isRaise, type FoundSettings, type SettingDifference } from '../topic-settings.js';
import { toKafkaError } from './client-errors.js';
import { newClient } from './client.js';

const TOPIC_RESOURCE = 2;
/** Set on the topic itself, and not by the broker's own settings. */
const TOPIC_CONFIG = 1;

interface TopicSettings {
  readonly all: ReadonlyMap<string, string>;
  /** What an alteration must repeat, because it replaces everything that is set on the topic. */
  readonly own: ReadonlyMap<string, string>;
}

/** What was set as declared, and what differs still. */
export interface AlignedTopics {
  readonly raised: readonly SettingDifference[];
  readonly left: readonly SettingDifference[];
}

/**
 * Sets the declared settings of topics that exist where that only gives room ({@link isRaise}). Nothing is ever lowered: what else
 * differs is answered and left. With `dryRun` everything is left.
 * @throws KafkaError
 */
export async function alignTopics(
  options: KafkaOptions,
  topics: readonly TopicDeclaration[],
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Promise<AlignedTopics> {
  const admin = newClient(options).admin();
  try {
    await admin.connect();
    const settings = await readSettings(admin, topics);
    const found: FoundSettings = new Map([...settings].map(([topic, { all }]) => [topic, all]));
    const differences = differencesOf(topics, found);
    const raised = dryRun ? [] : differences.filter(isRaise);
    await setAll(admin, raised, settings);
    return { raised, left: differences.filter((difference) => !raised.includes(difference)) };
  } catch (error) {
    throw toKafkaError(error, 'aligning the settings of topics');
  } finally {
    await admin.disconnect();
  }
}

async function readSettings(
  admin: Admin,
  topics: readonly TopicDeclaration[],
): Promise<ReadonlyMap<string, TopicSettings>> {
  const existing = new Set(await admin.listTopics());
  const names = topics.map(({ name }) => name).filter((name) => existing.has(name));
  if (names.length === 0) return new Map();
  const resources = names.map((name) => ({ type: TOPIC_RESOURCE, name }));
  const answer = await admin.describeConfigs({ resources, includeSynonyms: false });
  return new Map(
    answer.resources.map(({ resourceName, configEntries }) => {
      const all = new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]));
      const own = configEntries.filter(({ configSource }) => Number(configSource) === TOPIC_CONFIG);
      return [resourceName, { all, own: new Map(own.map(({ configName, configValue }) => [configName, configValue])) }];
    }),
  );
}

async function setAll(
  admin: Admin,
  changes: readonly SettingDifference[],
  settings: ReadonlyMap<string, TopicSettings>,
): Promise<void> {
  const resources = [...new Set(changes.map(({ topic }) => topic))].map((name) => {
    const wanted = new Map(settings.get(name)?.own);
    for (const { topic, setting, declared } of changes) if (topic === name) wanted.set(setting, declared);
    return { type: TOPIC_RESOURCE, name, configEntries: [...wanted].map(([key, value]) => ({ name: key, value })) };
  });
  if (resources.length > 0) await admin.alterConfigs({ validateOnly: false, resources });
}
