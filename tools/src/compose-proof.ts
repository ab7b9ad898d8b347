import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { eventually } from '@onceline/testing';
import { hostPort } from './compose-engine.js';
import { repositoryRoot } from './repository-root.js';

/** Every service that an update passes on its way to a ticket. */
const HOPS = ['ingress', 'dedupe', 'ticketing'];

/** A trace as Jaeger's API tells it, as far as it is looked at. */
export interface JaegerTrace {
  readonly spans: readonly {
    readonly operationName: string;
    readonly processID: string;
    readonly startTime: number;
    readonly references: readonly { readonly refType: string }[];
  }[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

/** Runs `npm run smoke` against the running system, which traces. Returns the trace id of its update. */
export async function smoke(): Promise<string> {
  const traceId = /^trace ([0-9a-f]{32})$/m.exec(await runSmoke())?.[1];
  if (!traceId) throw new Error('smoke told no trace id');
  return traceId;
}

async function runSmoke(): Promise<string> {
  const child = spawn(process.execPath, [join(repositoryRoot(), 'tools/dist/smoke.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let words = '';
  child.stdout.on('data', (chunk: Buffer) => {
    words += chunk.toString();
    process.stdout.write(chunk);
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`smoke ended with ${String(code)}`);
  return words;
}

/** Asks the Jaeger of this base URL until it has the whole trace: every hop, joined below one root. Returns the spans in the order of their start. */
export async function traceInJaeger(traceId: string, jaeger: string): Promise<readonly string[]> {
  const address = `${jaeger}/api/traces/${traceId}`;
  return eventually(async () => {
    const response = await fetch(address);
    const { data } = (await response.json()) as { data: readonly JaegerTrace[] | null };
    const [trace] = data ?? [];
    if (!trace) throw new Error(`Jaeger has no trace ${traceId} (${response.status})`);
    const problem = whatIsMissing(trace);
    if (problem) throw new Error(`trace ${traceId}: ${problem}`);
    return [...trace.spans]
      .sort((a, b) => a.startTime - b.startTime)
      .map(({ operationName, processID }) => `${trace.processes[processID]?.serviceName}: ${operationName}`);
  });
}

/** Why a trace is not yet the whole way of an update; undefined when it is. */
export function whatIsMissing({ spans, processes }: JaegerTrace): string | undefined {
  const services = new Set(spans.map(({ processID }) => processes[processID]?.serviceName));
  const missing = HOPS.filter((hop) => !services.has(hop));
  if (missing.length > 0) return `no span of ${missing.join(', ')}`;
  const roots = spans.filter(({ references }) => !references.some(({ refType }) => refType === 'CHILD_OF'));
  return roots.length === 1 ? undefined : `${roots.length} roots in place of one`;
}

/** Asks Prometheus until every service is scraped. */
export async function scrapedByPrometheus(): Promise<number> {
  const address = `http://${hostPort('prometheus')}/api/v1/query?query=${encodeURIComponent('up{job="onceline"}')}`;
  return eventually(async () => {
    const response = await fetch(address);
    const { data } = (await response.json()) as { data: { result: readonly { value: readonly [number, string] }[] } };
    const up = data.result.filter(({ value }) => value[1] === '1').length;
    if (up < 4) throw new Error(`Prometheus scrapes ${up} of 4 services`);
    return up;
  });
}

/** Asks Prometheus until it has found Alertmanager, and Alertmanager whether it is ready. Answers its address in the network of compose. */
export async function alertmanagerOfPrometheus(): Promise<string> {
  return eventually(async () => {
    const response = await fetch(`http://${hostPort('prometheus')}/api/v1/alertmanagers`);
    const { data } = (await response.json()) as { data: { activeAlertmanagers: readonly { url: string }[] } };
    const [found] = data.activeAlertmanagers;
    if (!found) throw new Error('Prometheus knows no Alertmanager');
    const { status } = await fetch(`http://${hostPort('alertmanager')}/-/ready`);
    if (status !== 200) throw new Error(`Alertmanager is not ready (${status})`);
    return found.url;
  });
}
