import { parseArgs } from 'node:util';
import { provision } from './provision-stack.js';
import { wholeNumberFlag } from './whole-number-flag.js';

const HELP = `npm run provision -- [--replication 1] [--partitions 12] [--dedupe-ttl-hours 72]

Creates the topics that are missing and runs the pending migrations; safe to repeat.
Reads KAFKA_BROKERS (host:port,…) and DATABASE_URL.`;

const HOUR_MS = 3_600_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      replication: { type: 'string', default: '1' },
      partitions: { type: 'string' },
      'dedupe-ttl-hours': { type: 'string' },
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
  const created = await provision({
    brokers: brokers.split(','),
    databaseUrl,
    replicationFactor: wholeNumberFlag('replication', values.replication),
    ...(values.partitions ? { partitions: wholeNumberFlag('partitions', values.partitions) } : {}),
    ...(ttlHours ? { dedupeTtlMs: wholeNumberFlag('dedupe-ttl-hours', ttlHours) * HOUR_MS } : {}),
  });
  console.log(`topics created: ${created.length > 0 ? created.join(', ') : 'none, all were there'}`);
  console.log('provision: ok');
}

main().catch((error: Error) => {
  console.error(error.message);
  console.log('provision: failed');
  process.exitCode = 1;
});
