import {
  apiTokensSetting,
  commonSettings,
  ConfigError,
  portSetting,
  readConfig,
  wholeNumber,
} from '@onceline/service-kit';
import { z } from 'zod';

const databaseUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol),
    'must be a postgres:// address',
  )
  .describe('the address of the database, e.g. postgres://user:password@127.0.0.1:5432/onceline');

/** Every setting of this service. */
export const ticketingSettings = z.object({
  ...commonSettings,
  PORT: portSetting(8082),
  DATABASE_URL: databaseUrl,
  API_TOKENS: apiTokensSetting,
  TICKETING_GROUP_ID: z
    .string()
    .min(1, 'must not be empty')
    .max(255, 'must be at most 255 characters')
    .prefault('ticketing')
    .describe('the Kafka consumer group of this service'),
  TICKETING_MAX_BATCH: wholeNumber({
    min: 1,
    max: 10_000,
    default: 1000,
    description: 'the records that one database transaction settles at most',
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
    description: 'the percentage of dead letters above which ticketing stops itself; 100 to never stop',
  }),
  DEAD_LETTER_BREAKER_RECORDS: wholeNumber({
    min: 1,
    default: 50,
    description: 'the records that the percentage is judged on at least',
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

const SECRETS = ['API_TOKENS'];

export function readTicketingConfig(environment: NodeJS.ProcessEnv = process.env): TicketingConfig {
  const config = readConfig(ticketingSettings, environment, { secrets: SECRETS });
  if (config.FAULTS_ENABLED && environment['NODE_ENV'] === 'production') throw new ConfigError([FAULTS_IN_PRODUCTION]);
  return config;
}

const FAULTS_IN_PRODUCTION = {
  setting: 'FAULTS_ENABLED',
  value: 'true',
  problem: 'faults are for drills and tests, and NODE_ENV is production',
  fix: 'leave FAULTS_ENABLED out',
};

/** What the migration program needs: nothing but the database. */
export function readMigrationConfig(environment: NodeJS.ProcessEnv = process.env): { DATABASE_URL: string } {
  return readConfig(z.object({ DATABASE_URL: databaseUrl }), environment);
}
