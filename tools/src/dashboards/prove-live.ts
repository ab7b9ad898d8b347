import { BotApiDouble } from '@onceline/telegram-simulator';
import { startOtlpReceiver } from '@onceline/testing';
import { ask, loadedRules, tracesBehind } from '../monitoring/ask-prometheus.js';
import { startMonitoring } from '../monitoring/start-monitoring.js';
import { alertRules, documentedMetrics } from '../observability/alert-files.js';
import { selectorsOf, selectorText } from '../observability/expression.js';
import { System } from '../system.js';
import { dashboardFiles } from './dashboard-files.js';
import { keepBusy } from './keep-busy.js';
import { answersOf, emptyOnes, queriesOf, type LiveQuery } from './live-queries.js';

/** Dedupe looks for losses once a minute, and a first retry waits five seconds. */
const PATIENCE_MS = 180_000;
const BOT_TOKEN = '1000001:AAF-token-of-a-bot-that-is-not-there-01';

/** What a real Prometheus said of real services under load. */
export interface LiveProof {
  readonly queries: readonly LiveQuery[];
  readonly rules: number;
  /** Updates that were acknowledged meanwhile. */
  readonly acknowledged: number;
  /** Empty when every query and every rule has data. */
  readonly faults: readonly string[];
}

/** Starts stack, services and Prometheus, keeps them busy, and asks every query of every panel and every selector of every rule. */
export async function proveLive(say: (line: string) => void): Promise<LiveProof> {
  const telegram = await BotApiDouble.start({ tokens: [BOT_TOKEN] });
  const ends: (() => Promise<unknown>)[] = [() => telegram.close()];
  try {
    const traces = await startOtlpReceiver();
    ends.unshift(() => traces.close());
    const system = await System.start({ environment: environment(telegram.url, traces.endpoint), onProgress: say });
    ends.unshift(() => system.stop());
    const { ingress, dedupe, ticketing, retry = '' } = system.access();
    const monitoring = await startMonitoring({ services: { ingress, dedupe, ticketing, retry } });
    ends.unshift(() => monitoring.stop());
    const { prometheus } = monitoring;
    say(`Prometheus: ${prometheus}`);
    const load = await keepBusy(system);
    ends.unshift(() => load.end());
    const queries = await answersOf(prometheus, queriesOf(dashboardFiles()), PATIENCE_MS);
    const faults = [...emptyOnes(queries), ...(await ruleFaults(prometheus)), ...(await exemplarFaults(prometheus))];
    return { queries, rules: alertRules().length, faults, ...(await load.end()) };
  } finally {
    for (const end of ends) await end();
  }
}

function environment(botApi: string, receiver: string): Record<string, string> {
  return {
    LOG_LEVEL: 'warn',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver,
    TRACE_SAMPLE_RATIO: '1',
    FAULTS_ENABLED: 'true',
    BOT_TOKENS: BOT_TOKEN,
    BOT_API_URL: botApi,
    PUBLIC_URL: 'https://support.example.com',
    WEBHOOK_WATCH_INTERVAL_MS: '5000',
  };
}

/** Rules that Prometheus cannot evaluate, and selectors of theirs that no series answers. */
async function ruleFaults(prometheus: string): Promise<readonly string[]> {
  const loaded = await loadedRules(prometheus);
  const ours = alertRules();
  const faults = loaded
    .filter(({ health }) => health !== 'ok')
    .map(({ name, health, lastError = '' }) => `${name} is ${health} ${lastError}`);
  if (loaded.length !== ours.length) faults.push(`Prometheus loaded ${loaded.length} rules of ${ours.length}`);
  const selectors = new Set(ours.flatMap(({ expr }) => selectorsOf(expr)).map(selectorText));
  for (const selector of selectors)
    if ((await ask(prometheus, `count(${selector})`)).length === 0)
      faults.push(`no series for ${selector} of the alerts`);
  return faults;
}

/** Histograms that lead from a slow update to its trace, as docs/metrics.md says of them, and of which Prometheus has no exemplar. */
async function exemplarFaults(prometheus: string): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { name } of documentedMetrics().filter(({ meaning }) => /\btraced\b/.test(meaning)))
    if ((await tracesBehind(prometheus, `${name}_bucket`)).length === 0) faults.push(`no exemplar of ${name}`);
  return faults;
}
