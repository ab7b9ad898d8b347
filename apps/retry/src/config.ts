import { ladderSettings } from '@onceline/retry-policy';
import {
  apiTokensSetting,
  commonSettings,
  databaseSettings,
  groupIdSetting,
  portSetting,
  readConfig,
  wholeNumber,
} from '@onceline/service-kit';
import { z } from 'zod';

/** Every setting of this service. */
export const retrySettings = z.object({
  ...commonSettings,
  PORT: portSetting(8083),
  ...databaseSettings,
  API_TOKENS: apiTokensSetting,
  TICKETING_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http or https address' })
    .transform((url) => url.replace(/\/+$/, ''))
    .prefault('http://127.0.0.1:8082')
    .describe('the base address of ticketing, which is asked what became of a redriven update'),
  TICKETING_TOKEN: z
    .string()
    .regex(/^[^\s]+$/, 'must be a token without spaces')
    .describe('a token with the role admin that ticketing knows by its hash'),
  TICKETING_RETRY_RUNGS: ladderSettings.TICKETING_RETRY_RUNGS,
  HOLDING_GROUP_ID: groupIdSetting('retry', 'the Kafka consumer group that holds the records which wait'),
  DEAD_LETTER_GROUP_ID: groupIdSetting('retry-dead-letters', 'the Kafka consumer group that indexes the dead letters'),
  DEAD_LETTER_MAX_BATCH: wholeNumber({
    min: 1,
    max: 2000,
    default: 200,
    description: 'the dead letters that one database transaction stores at most',
  }),
});
export type RetryConfig = z.infer<typeof retrySettings>;

const SECRETS = ['API_TOKENS', 'TICKETING_TOKEN'];

export function readRetryConfig(environment: NodeJS.ProcessEnv = process.env): RetryConfig {
  return readConfig(retrySettings, environment, { secrets: SECRETS });
}

const migrationSettings = z.object(databaseSettings);

/** What the migration program needs: nothing but the database. */
export function readMigrationConfig(environment: NodeJS.ProcessEnv = process.env): z.infer<typeof migrationSettings> {
  return readConfig(migrationSettings, environment);
}
