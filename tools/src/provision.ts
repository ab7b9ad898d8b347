import { parseArgs } from 'node:util';
import { describeDifference } from '@onceline/kafka';
import { readConnectionSecurity } from '@onceline/service-kit/config';
import { checkProvisioned, provision } from './provision-stack.js';
import { topicSettingsOf } from './topic-settings.js';
import { wholeNumberFlag } from './whole-number-flag.js';

const HELP = `npm run provision -- [--replication 1] [--partitions 12] [--dedupe-ttl-hours 72] [--check]

Creates the topics that are missing, raises max.message.bytes and retention.ms of those that have less than declared, and runs
the pending migrations; safe to repeat. Nothing is ever lowered: other differences are printed and left. With --check nothing is
changed: what is missing or differs is printed, and the exit code is 1 when there is something.
Reads KAFKA_BROKERS (host:port,…) and DATABASE_URL, and where the services have them TICKETING_RETRY_RUNGS (each rung has a
topic), PARTITIONS and DEDUPE_TTL_HOURS; the flags go before these. TLS and login are those of the services, too: KAFKA_TLS…,
KAFKA_SASL… and DATABASE_TLS… (docs/configuration.md).`;

const HOUR_MS = 3_600_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      replication: { type: 'string', default: '1' },
      partitions: { type: 'string' },
      'dedupe-ttl-hours': { type: 'string' },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void console.log(HELP);
  const { KAFKA_BROKERS: brokers, DATABASE_URL: databaseUrl } = process.env;
  if (!brokers || !databaseUrl) {
    throw new Error(
      'KAFKA_BROKERS and DATABASE_URL must be set, e.g. KAFKA_BROKERS=localhost:9092 DATABASE_URL=postgres://…',
    );
  }
  const ttlHours = values['dedupe-ttl-hours'];
  const options = {
    brokers: brokers.split(','),
    databaseUrl,
    security: readConnectionSecurity(process.env).kafka,
    ...topicSettingsOf(process.env),
    replicationFactor: wholeNumberFlag('replication', values.replication),
    ...(values.partitions ? { partitions: wholeNumberFlag('partitions', values.partitions) } : {}),
    ...(ttlHours ? { dedupeTtlMs: wholeNumberFlag('dedupe-ttl-hours', ttlHours) * HOUR_MS } : {}),
  };
  if (values.check) return tellCheck(await checkProvisioned(options));
  const { created, raised, left } = await provision(options);
  console.log(`topics created: ${created.length > 0 ? created.join(', ') : 'none, all were there'}`);
  for (const { topic, setting, found, declared } of raised) {
    console.log(`topic "${topic}": ${setting} raised from ${found} to ${declared}`);
  }
  for (const difference of left) console.log(describeDifference(difference));
  console.log('provision: ok');
}

function tellCheck(problems: readonly string[]): void {
  for (const problem of problems) console.log(problem);
  console.log(problems.length === 0 ? 'provision: ok' : `provision: ${problems.length} differences`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

main().catch((error: Error) => {
  console.error(error.message);
  console.log('provision: failed');
  process.exitCode = 1;
});
