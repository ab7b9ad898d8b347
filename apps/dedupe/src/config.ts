import { TELEGRAM_RETENTION_MS } from '@onceline/contracts';
import { commonSettings, groupIdSetting, portSetting, readConfig, wholeNumber } from '@onceline/service-kit';
import { z } from 'zod';

const TELEGRAM_HOURS = TELEGRAM_RETENTION_MS / 3_600_000;

/** Every setting of dedupe. */
export const dedupeSettings = z
  .object({
    ...commonSettings,
    PORT: portSetting(8081),
    DEDUPE_TTL_HOURS: wholeNumber({
      min: 1,
      // Segments, offsets and time differences are laid out for this; a longer window needs more than memory.
      max: 24 * 45,
      default: 72,
      description: 'the hours an update is remembered, so that a copy of it is refused',
    }),
    RETRY_WINDOW_HOURS: wholeNumber({
      min: 0,
      default: 24,
      description: 'the hours of the longest retry ladder of any consumer',
    }),
    DEDUPE_GROUP_ID: groupIdSetting('dedupe', 'the consumer group of dedupe'),
    DEDUPE_MAX_BATCH: wholeNumber({
      min: 1,
      max: 10_000,
      default: 1000,
      description: 'the number of records that one transaction takes at most',
    }),
  })
  .check((context) => {
    const { DEDUPE_TTL_HOURS: ttl, RETRY_WINDOW_HOURS: retries } = context.value;
    const needed = TELEGRAM_HOURS + retries;
    if (ttl >= needed) return;
    context.issues.push({
      code: 'custom',
      path: ['DEDUPE_TTL_HOURS'],
      input: ttl,
      message:
        `must be at least ${needed} hours: Telegram repeats an update for ${TELEGRAM_HOURS} hours and retries last ` +
        `${retries} (RETRY_WINDOW_HOURS), ${TELEGRAM_HOURS} + ${retries} = ${needed}. With less a late copy would pass as new: ` +
        `set DEDUPE_TTL_HOURS=${needed} or more, or shorten RETRY_WINDOW_HOURS`,
    });
  });

export type DedupeConfig = z.infer<typeof dedupeSettings>;

/** @throws ConfigError naming every bad setting and its fix. */
export function readDedupeConfig(environment: NodeJS.ProcessEnv = process.env): DedupeConfig {
  return readConfig(dedupeSettings, environment);
}
