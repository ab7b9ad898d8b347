import { setTimeout as sleep } from 'node:timers/promises';
import { ask, type Sample } from '../monitoring/ask-prometheus.js';
import { reasonToBeEmpty } from './grafana-json.js';
import { picturesOf, type FileDashboard } from './read-dashboard.js';

/** One query of one panel, and what Prometheus said. */
export interface LiveQuery {
  readonly dashboard: string;
  readonly panel: string;
  readonly refId: string;
  readonly expr: string;
  readonly legend: string;
  readonly unit: string;
  /** Why it may be empty; undefined when it must not be. */
  readonly mayBeEmpty: string | undefined;
  /** Undefined before it was asked. */
  readonly samples?: readonly Sample[];
}

/** Grafana makes it four scrapes at least. */
const RATE_INTERVAL = '1m';
const EVERY_MS = 5000;

/** An expression as Prometheus takes it. */
export function withRateInterval(expr: string): string {
  return expr.replaceAll('$__rate_interval', RATE_INTERVAL);
}

/** Every query of every panel. */
export function queriesOf(dashboards: readonly FileDashboard[]): readonly LiveQuery[] {
  return dashboards.flatMap((dashboard) =>
    picturesOf(dashboard).flatMap(({ title = '', description = '', fieldConfig, targets = [] }) =>
      targets.map(({ refId, expr, legendFormat = '' }) => ({
        dashboard: dashboard.uid,
        panel: title,
        refId,
        expr,
        legend: legendFormat,
        unit: fieldConfig?.defaults?.unit ?? '',
        mayBeEmpty: reasonToBeEmpty(description, refId),
      })),
    ),
  );
}

/** Asks every query until there is a moment at which each has an answer that must have one, or the time is over. Answers the last moment. */
export async function answersOf(
  prometheus: string,
  queries: readonly LiveQuery[],
  withinMs: number,
): Promise<readonly LiveQuery[]> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answered = await Promise.all(queries.map((query) => asked(prometheus, query)));
    if (emptyOnes(answered).length === 0 || Date.now() > deadline) return answered;
    await sleep(EVERY_MS);
  }
}

/** Queries without an answer that must have one. */
export function emptyOnes(queries: readonly LiveQuery[]): readonly string[] {
  return queries
    .filter((query) => !isAnswered(query) && query.mayBeEmpty === undefined)
    .map(({ dashboard, panel, refId, expr }) => `${dashboard}, ${panel}, ${refId}: no data for ${expr}`);
}

function isAnswered({ samples }: LiveQuery): boolean {
  return samples !== undefined && samples.length > 0;
}

async function asked(prometheus: string, query: LiveQuery): Promise<LiveQuery> {
  try {
    return { ...query, samples: await ask(prometheus, withRateInterval(query.expr)) };
  } catch (error) {
    throw new Error(`${query.dashboard}, ${query.panel}, ${query.refId}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
