/** Settings of topics through kafkajs's admin. */
import type { TopicDeclaration } from '@onceline/contracts';
import type { Admin } from 'kafkajs';
import type { SettingDifference } from '../topic-settings.js';

const TOPIC_RESOURCE = 2;
/** Set on the topic itself, and not by the broker's own settings. */
const TOPIC_CONFIG = 1;

/** Settings of one topic. */
export interface TopicConfig {
  readonly all: ReadonlyMap<string, string>;
  /** What an alteration must repeat, because it replaces everything that is set on the topic. */
  readonly own: ReadonlyMap<string, string>;
}

/** Settings of those of the topics that exist. @throws the client's own error */
export async function readTopicConfigs(
  admin: Admin,
  topics: readonly TopicDeclaration[],
): Promise<ReadonlyMap<string, TopicConfig>> {
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

/** Sets what is declared, and keeps what else was set on these topics. @throws the client's own error */
export async function writeTopicConfigs(
  admin: Admin,
  changes: readonly SettingDifference[],
  configs: ReadonlyMap<string, TopicConfig>,
): Promise<void> {
  const resources = [...new Set(changes.map(({ topic }) => topic))].map((name) => {
    const wanted = new Map(configs.get(name)?.own);
    for (const { topic, setting, declared } of changes) if (topic === name) wanted.set(setting, declared);
    return { type: TOPIC_RESOURCE, name, configEntries: [...wanted].map(([key, value]) => ({ name: key, value })) };
  });
  if (resources.length > 0) await admin.alterConfigs({ validateOnly: false, resources });
}
