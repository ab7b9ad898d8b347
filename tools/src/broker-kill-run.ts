import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditReport } from '@onceline/audit';
import { startLoad } from './running-load.js';
import { System } from './system.js';

/** How hard to try. The run ends when both numbers are reached. */
export interface BrokerKillOptions {
  readonly kills: number;
  readonly transactions: number;
  /** Updates per second. */
  readonly rate: number;
  readonly seed: number;
  readonly onProgress?: (line: string) => void;
}

/** What happened. */
export interface BrokerKillResult {
  readonly kills: number;
  readonly transactions: number;
  readonly updates: number;
  readonly report: AuditReport;
}

const BROKERS = 3;
/** After so many kills the last retries and take-overs need their time. */
const AUDIT_WAIT_MS = 120_000;
/** Long enough for the others to elect leaders and for work to go on, short enough that the next kill meets a recovery now and then. */
const BETWEEN_KILLS_MS = [1500, 6000] as const;

/**
 * Three brokers, three copies of each record, writes need two: one broker after the other is killed (SIGKILL) and
 * restarted under load. Afterwards every key of raw, unique and seen is counted as committed readers see them.
 */
export async function runBrokerKills(options: BrokerKillOptions): Promise<BrokerKillResult> {
  const { onProgress = () => undefined } = options;
  onProgress('starting three brokers, PostgreSQL and the services');
  const system = await System.start({ brokers: BROKERS });
  const telegram = startLoad(system.access(), options);
  try {
    const kills = await killInTurn(system, options);
    await telegram.finish();
    const { acknowledged } = telegram.simulator.stats();
    onProgress('auditing');
    return {
      kills,
      transactions: await transactionsOf(system),
      updates: acknowledged,
      report: await system.audit(AUDIT_WAIT_MS),
    };
  } finally {
    telegram.simulator.stop();
    await system.stop();
  }
}

async function killInTurn(
  system: System,
  { kills, transactions, onProgress = () => undefined }: BrokerKillOptions,
): Promise<number> {
  let killed = 0;
  for (; killed < kills || (await transactionsOf(system)) < transactions; killed++) {
    const [least, most] = BETWEEN_KILLS_MS;
    await sleep(least + Math.random() * (most - least));
    const broker = killed % BROKERS;
    await system.stack.kafka.kill(broker);
    await sleep(Math.random() * 2000);
    await system.stack.kafka.start(broker);
    onProgress(`kill ${killed + 1}: broker ${broker} is back, ${await transactionsOf(system)} transactions so far`);
  }
  return killed;
}

/** Committed transactions of dedupe, by its own metric: it only says how long to go on, the audit judges. */
async function transactionsOf(system: System): Promise<number> {
  const text = await (await fetch(`${system.access().dedupe}/metrics`)).text();
  const count = /^onceline_dedupe_transaction_seconds_count(?:\{[^}]*outcome="committed"[^}]*\})? (\d+)/m.exec(
    text,
  )?.[1];
  if (count === undefined) throw new Error('dedupe exports no onceline_dedupe_transaction_seconds_count');
  return Number(count);
}
