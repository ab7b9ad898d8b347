import { HEADERS, TOPICS, conversationKey, isMalformed, parseUpdate } from '@onceline/contracts';
import { rawRecord, uniqueRecord } from '@onceline/testing';
import type { Client } from 'pg';
import type { ServiceName } from '../service-process.js';
import { rateOf, rateOfServices } from './commit-rate.js';
import { benchUpdate } from './payloads.js';
import { median } from './statistics.js';
import { STOCK_TOPIC } from './stock-settings.js';
import { createTopicsLikeRaw, inParallel, withWorkbench, type Suite, type Workbench } from './suite-context.js';
import { TwinProcess } from './twin-process.js';

const METHOD =
  'Records lie in Kafka before the consumers start. Rate between the 10th and the 90th percentile of commit times, so that start-up ' +
  'counts for neither side; rounds interleaved, medians of rounds. Stock: @EventPattern on Transport.KAFKA, TypeORM findOneBy and save. Same PostgreSQL, fsync on.';

const BOT = '1000001';

/** Updates committed to tickets per second: dedupe and ticketing against the stock consumer. */
export const pipelineSuite: Suite = ({ quick, say }) =>
  withWorkbench({ services: [], onProgress: say }, async (bench) => {
    await createTopicsLikeRaw(bench.kafka, [STOCK_TOPIC]);
    await createStockTables(bench.database);
    const counts = { ours: quick ? 8000 : 60_000, stock: quick ? 200 : 4000 };
    const rates = { ours: [] as number[], stock: [] as number[], ticketing: [] as number[] };
    let first = 0;
    for (let round = 1; round <= (quick ? 1 : 3); round += 1) {
      rates.ours.push(
        await measureOurs(bench, { topic: TOPICS.raw, services: ['dedupe', 'ticketing'], first, count: counts.ours }),
      );
      first += counts.ours;
      rates.stock.push(await measureStock(bench, { first, count: counts.stock }));
      first += counts.stock;
      rates.ticketing.push(
        await measureOurs(bench, { topic: TOPICS.unique, services: ['ticketing'], first, count: counts.ours }),
      );
      first += counts.ours;
      const last = (list: number[]) => Math.round(list.at(-1) ?? 0);
      say(
        `round ${round}: ours ${last(rates.ours)}/s, stock ${last(rates.stock)}/s, ticketing alone ${last(rates.ticketing)}/s`,
      );
    }
    const [ours, stock] = [median(rates.ours), median(rates.stock)];
    const figures = {
      ours_updates_per_second: ours,
      stock_updates_per_second: stock,
      ours_ticketing_only_per_second: median(rates.ticketing),
      ratio_to_stock: ours / stock,
    };
    return { suite: 'pipeline', figures, targets: TARGETS, method: METHOD, quick };
  });

const TARGETS = [{ figure: 'ratio_to_stock', op: '>=', value: 10 }] as const;

interface Load {
  readonly first: number;
  readonly count: number;
}

function measureOurs(
  bench: Workbench,
  load: Load & { topic: string; services: readonly ServiceName[] },
): Promise<number> {
  const toRecord = load.topic === TOPICS.raw ? rawRecord : uniqueRecord;
  return rateOfServices(bench, { ...load, record: (n) => toRecord(BOT, benchUpdate(n)) });
}

async function measureStock({ system, kafka, database }: Workbench, load: Load): Promise<number> {
  const producer = await kafka.producer();
  await inParallel(load.count, 2000, (n) => {
    const bytes = benchUpdate(load.first + n);
    const update = parseUpdate(bytes);
    if (isMalformed(update)) throw new Error(update.malformed);
    return producer.send(STOCK_TOPIC, {
      key: conversationKey(BOT, update),
      value: bytes,
      headers: { [HEADERS.botId]: BOT },
    });
  });
  await producer.close();
  await database.query('truncate stock.ticket_messages');
  const { kafka: brokers, database: url } = system.access();
  const stock = await TwinProcess.start('stock-consumer', { KAFKA_BROKERS: brokers.join(','), DATABASE_URL: url });
  try {
    return await rateOf(database, { table: 'stock.ticket_messages', time: '"savedAt"', count: load.count });
  } finally {
    await stock.stop();
  }
}

async function createStockTables(database: Client): Promise<void> {
  await database.query(`create schema stock`);
  await database.query(
    `create table stock.tickets (id serial primary key, "chatId" text not null unique, status text not null,
       "openedAt" timestamptz not null default now())`,
  );
  await database.query(
    `create table stock.ticket_messages (id serial primary key, "ticketId" int not null, "messageId" bigint not null,
       text text not null, "savedAt" timestamptz not null default now())`,
  );
  await database.query(`create index on stock.ticket_messages ("ticketId")`);
}
