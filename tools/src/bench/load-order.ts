import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What the load generator does: closed loop, each connection sends its next request when the last one is answered. */
export interface LoadOrder {
  readonly url: string;
  readonly secret: string;
  readonly connections: number;
  readonly count: number;
  readonly maxSeconds: number;
  /** Number of the first update, so that no round repeats another's. */
  readonly firstUpdate: number;
}

/** What it saw. Only answers with 200 count as acknowledged. */
export interface LoadReport {
  readonly acknowledged: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const PROGRAM = fileURLToPath(new URL('load-generator.js', import.meta.url));

/** Runs one round in a process of its own. */
export async function generateLoad(order: LoadOrder): Promise<LoadReport> {
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, JSON.stringify(order)], {
    timeout: (order.maxSeconds + 30) * 1000,
    killSignal: 'SIGKILL',
  });
  return JSON.parse(stdout) as LoadReport;
}
