// The command behind `npm run audit`: proves the sums against Kafka and PostgreSQL themselves.
import { parseArgs } from 'node:util';
import {
  auditSystem,
  describeReport,
  recordAudit,
  type AuditReport,
  type DatabaseAddress,
  type TimeRange,
} from '@onceline/audit';
import { connectKafka, KafkaError } from '@onceline/kafka';
import { tlsRefusal } from '@onceline/retry-policy';
import { ConfigError, readConnectionSecurity } from '@onceline/service-kit/config';
import { readAccess, UsageError } from './access.js';

const HELP = `npm run audit -- [--from TIME] [--to TIME] [--wait SECONDS] [--json] [--record] [--kafka HOST:PORT,…] [--database URL]

Proves, by reading Kafka and PostgreSQL themselves, that every update in raw was passed on once, refused as a copy or as a
collision, that every update passed on has exactly one outcome, that every event of a ticket was published as it was stored, and
that conversations kept their order; names what is missing or doubled. Updates that wait for a later try balance: each waits in
one place and a record brings it back; so do those that were given up: each has its dead letter. TIME is RFC 3339 or anything else that Date understands, and means when the ingress received the
update. Updates still on their way are given --wait seconds (30). Finds the running system by the flags, else by KAFKA_BROKERS and DATABASE_URL,
else by .onceline/access.json. Reads KAFKA_TLS…, KAFKA_SASL… and DATABASE_TLS… as the services do (docs/configuration.md). Exit
code 1 when the books do not balance.

Nothing is written, but with --record the counts of what was found go into ticketing's database, from where its /metrics show them to
the alerts: what a job that runs now and then should do.`;

const OPTIONS = {
  from: { type: 'string' },
  to: { type: 'string' },
  wait: { type: 'string', default: '30' },
  json: { type: 'boolean', default: false },
  record: { type: 'boolean', default: false },
  kafka: { type: 'string' },
  database: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) return void console.log(HELP);
  const { brokers, databaseUrl } = addresses(values);
  const range: TimeRange = { ...time('from', values.from), ...time('to', values.to) };
  const seconds = Number(values.wait);
  if (!(seconds >= 0)) throw new UsageError(`--wait ${values.wait}: give a number of seconds`);
  const security = readConnectionSecurity(process.env);
  const kafka = connectKafka({ brokers, clientId: 'onceline-audit', ...security.kafka });
  try {
    const onProgress = (line: string) => console.error(`audit: ${line}`);
    const { tls } = security.database;
    const report = await auditSystem({
      ...{ kafka, databaseUrl, databaseTls: tls, range },
      ...{ waitMs: seconds * 1000, onProgress },
    });
    const isKept = !values.record || (await record({ url: databaseUrl, tls }, report, range));
    console.log(values.json ? JSON.stringify(report, null, 2) : describeReport(report));
    process.exitCode = report.balanced && isKept ? 0 : 1;
  } finally {
    await kafka.close();
  }
}

/** Answers whether it is there: what was found is told in any case. */
async function record(database: DatabaseAddress, report: AuditReport, range: TimeRange): Promise<boolean> {
  try {
    await recordAudit(database, report, range);
    return true;
  } catch (error) {
    console.error(`audit: the result could not be recorded: ${(error as Error).message}`);
    return false;
  }
}

function addresses(flags: { kafka?: string | undefined; database?: string | undefined }) {
  const { KAFKA_BROKERS, DATABASE_URL } = process.env;
  const [kafka, database] = [flags.kafka || KAFKA_BROKERS, flags.database || DATABASE_URL];
  if (kafka && database) return { brokers: kafka.split(','), databaseUrl: database };
  // Kafka of one system and the database of another would never balance.
  if (!kafka && !database) {
    const access = readAccess();
    return { brokers: [...access.kafka], databaseUrl: access.database };
  }
  const missing = kafka ? '--database or DATABASE_URL' : '--kafka or KAFKA_BROKERS';
  throw new UsageError(`only one of the two addresses is given: give ${missing} as well`);
}

function time(flag: 'from' | 'to', text: string | undefined): TimeRange {
  if (text === undefined) return {};
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) throw new UsageError(`--${flag} ${text}: give a time, e.g. 2026-01-31T12:00:00Z`);
  return { [flag]: milliseconds };
}

/** What a person can mend is told without a stack. */
function explain(error: Error): string {
  const isRefusal = error instanceof KafkaError && error.code === 'refused';
  if (isRefusal || error instanceof UsageError || error instanceof ConfigError) return error.message;
  const refusal = tlsRefusal(error, 'DATABASE');
  if (refusal === undefined) return error.stack ?? error.message;
  return `PostgreSQL: ${refusal.why}. Fix: ${refusal.fix}`;
}

main().catch((error: Error) => {
  console.error(explain(error));
  console.log('audit: could not be made');
  process.exitCode = 1;
});
