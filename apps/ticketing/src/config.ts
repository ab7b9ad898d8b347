import { TELEGRAM_RETENTION_MS } from '@onceline/contracts';
import { durationText, ladderOf, ladderSettings, longestLifeMs } from '@onceline/retry-policy';
import {
  apiTokensSetting,
  commonSettings,
  ConfigError,
  databaseSettings,
  groupIdSetting,
  portSetting,
  readConfig,
  type SettingProblem,
  wholeNumber,
} from '@onceline/service-kit';
import { z } from 'zod';
import { masterKeysSetting } from './privacy/master-keys.js';

/** Every setting of this service. */
export const ticketingSettings = z.object({
  ...commonSettings,
  PORT: portSetting(8082),
  ...databaseSettings,
  API_TOKENS: apiTokensSetting,
  MASTER_KEYS: masterKeysSetting,
  TICKETING_GROUP_ID: groupIdSetting('ticketing', 'the Kafka consumer group of this service'),
  TICKETING_MAX_BATCH: wholeNumber({
    min: 1,
    max: 10_000,
    default: 1000,
    description: 'the records that one database transaction settles at most',
  }),
  ...ladderSettings,
  DEDUPE_TTL_HOURS: wholeNumber({
    min: 1,
    default: 72,
    description:
      'the hours that dedupe remembers a key; they must hold the 24 in which Telegram repeats an update and TICKETING_RETRY_MAX_AGE',
  }),
  TICKETING_DRAIN_LIMIT: wholeNumber({
    min: 1,
    max: 2000,
    default: 200,
    description: 'the parked updates that one database transaction settles behind an update that came back',
  }),
  DATABASE_BREAKER_FIRST_MS: wholeNumber({
    min: 1,
    default: 1000,
    description: 'the milliseconds that consumption rests at least when the database is away',
  }),
  DATABASE_BREAKER_LONGEST_MS: wholeNumber({
    min: 1,
    default: 30_000,
    description: 'the milliseconds that consumption rests at most before it asks the database again',
  }),
  DEAD_LETTER_BREAKER_PERCENT: wholeNumber({
    min: 1,
    max: 100,
    default: 10,
    description:
      'the percentage of dead letters among what got an outcome above which ticketing stops itself; 100 to never stop',
  }),
  DEAD_LETTER_BREAKER_RECORDS: wholeNumber({
    min: 1,
    default: 50,
    description: 'the outcomes that the percentage is judged on at least',
  }),
  DEAD_LETTER_BREAKER_WINDOW_MS: wholeNumber({
    min: 1000,
    default: 60_000,
    description: 'the milliseconds in which dead letters are counted',
  }),
  DEAD_LETTER_BREAKER_TRIAL_MS: wholeNumber({
    min: 100,
    default: 5000,
    description: 'the milliseconds between two trials of a stopped consumer',
  }),
  FAULTS_ENABLED: z
    .enum(['true', 'false'])
    .prefault('false')
    .transform((text) => text === 'true')
    .describe('true to let operators switch faults on, for drills; refused with NODE_ENV=production'),
});
export type TicketingConfig = z.infer<typeof ticketingSettings>;

const SECRETS = ['API_TOKENS', 'MASTER_KEYS'];

export function readTicketingConfig(environment: NodeJS.ProcessEnv = process.env): TicketingConfig {
  const config = readConfig(ticketingSettings, environment, { secrets: SECRETS });
  const problems = [
    ...(config.FAULTS_ENABLED && environment['NODE_ENV'] === 'production' ? [FAULTS_IN_PRODUCTION] : []),
    ...ladderProblems(config),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Telegram repeats an update for a day; one that still climbs its ladder after dedupe has forgotten it could be taken twice. */
function ladderProblems(config: TicketingConfig): SettingProblem[] {
  const lifeMs = longestLifeMs(ladderOf(config));
  const windowMs = config.DEDUPE_TTL_HOURS * HOUR_MS;
  const neededMs = lifeMs + TELEGRAM_RETENTION_MS;
  if (neededMs <= windowMs) return [];
  const sum = `${durationText(lifeMs)} in which an update may be tried again + ${durationText(TELEGRAM_RETENTION_MS)} in which Telegram repeats it`;
  return [
    {
      setting: 'TICKETING_RETRY_MAX_AGE',
      value: config.TICKETING_RETRY_MAX_AGE,
      problem: `${sum} = ${durationText(neededMs)}, longer than dedupe remembers a key (${durationText(windowMs)})`,
      fix: 'shorten TICKETING_RETRY_MAX_AGE, or raise DEDUPE_TTL_HOURS here and for dedupe',
    },
  ];
}

const HOUR_MS = 3_600_000;

const FAULTS_IN_PRODUCTION = {
  setting: 'FAULTS_ENABLED',
  value: 'true',
  problem: 'faults are for drills and tests, and NODE_ENV is production',
  fix: 'leave FAULTS_ENABLED out',
};

const migrationSettings = z.object(databaseSettings);
const keySettings = z.object({ ...databaseSettings, MASTER_KEYS: masterKeysSetting });

/** What programs need that seal, or wrap keys anew. */
export function readKeyConfig(environment: NodeJS.ProcessEnv = process.env): z.infer<typeof keySettings> {
  return readConfig(keySettings, environment, { secrets: ['MASTER_KEYS'] });
}

/** What the migration program needs: nothing but the database. */
export function readMigrationConfig(environment: NodeJS.ProcessEnv = process.env): z.infer<typeof migrationSettings> {
  return readConfig(migrationSettings, environment);
}
