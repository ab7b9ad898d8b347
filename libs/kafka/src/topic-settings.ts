/** How the settings of topics that exist differ from their declarations, and which differences may be mended without asking. */
import type { TopicDeclaration } from '@onceline/contracts';

/** A setting of a topic that is not as declared. */
export interface SettingDifference {
  readonly topic: string;
  readonly setting: string;
  readonly found: string;
  readonly declared: string;
}

/** What was set as declared, and what differs still. */
export interface AlignedTopics {
  readonly raised: readonly SettingDifference[];
  readonly left: readonly SettingDifference[];
}

/** Settings found, by topic and name. */
export type FoundSettings = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Every declared setting that a topic has otherwise; topics that are not there differ in nothing. */
export function differencesOf(topics: readonly TopicDeclaration[], found: FoundSettings): readonly SettingDifference[] {
  return topics.flatMap(({ name: topic, config }) => {
    const settings = found.get(topic);
    if (settings === undefined) return [];
    return Object.entries(config).flatMap(([setting, declared]) => {
      const value = settings.get(setting);
      return value === undefined || sameValue(value, declared) ? [] : [{ topic, setting, found: value, declared }];
    });
  });
}

/**
 * Whether going to the declared value only gives room: larger records, longer retention. Lowering either would refuse or delete what is
 * fine today, and every other setting means something else to somebody.
 */
export function isRaise({ setting, found, declared }: SettingDifference): boolean {
  const [from, to] = [Number(found), Number(declared)];
  if (setting === 'max.message.bytes') return to > from;
  // Negative: for ever.
  if (setting === 'retention.ms') return from >= 0 && (to < 0 || to > from);
  return false;
}

/** What may be set without asking, and what stays. */
export function splitDifferences(differences: readonly SettingDifference[]): AlignedTopics {
  return { raised: differences.filter(isRaise), left: differences.filter((difference) => !isRaise(difference)) };
}

/** The sentence for a difference, with the command that sets it. */
export function describeDifference(difference: SettingDifference): string {
  const { topic, setting, found, declared } = difference;
  const fact = `topic "${topic}" has ${setting} ${found}, declared is ${declared}`;
  if (isRaise(difference)) return `${fact}: npm run provision raises it`;
  const value = declared.includes(',') ? `[${declared}]` : declared;
  return (
    `${fact}: left as it is; to set it, run ` +
    `kafka-configs.sh --bootstrap-server BROKER --alter --entity-type topics --entity-name ${topic} --add-config ${setting}=${value}`
  );
}

/** Lists have no order for Kafka. */
function sameValue(one: string, other: string): boolean {
  const parts = (value: string) => value.split(',').sort().join(',');
  return one === other || parts(one) === parts(other);
}
