import { apiTokensSetting, commonSettings, portSetting, readConfig, wholeNumber } from '@onceline/service-kit';
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
});
export type TicketingConfig = z.infer<typeof ticketingSettings>;

const SECRETS = ['API_TOKENS'];

export function readTicketingConfig(environment: NodeJS.ProcessEnv = process.env): TicketingConfig {
  return readConfig(ticketingSettings, environment, { secrets: SECRETS });
}

/** What the migration program needs: nothing but the database. */
export function readMigrationConfig(environment: NodeJS.ProcessEnv = process.env): { DATABASE_URL: string } {
  return readConfig(z.object({ DATABASE_URL: databaseUrl }), environment);
}
