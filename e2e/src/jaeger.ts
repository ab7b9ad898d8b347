import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@onceline/testing';

const CONFIG = fileURLToPath(new URL('../../deploy/compose/jaeger.yaml', import.meta.url));
const OTLP_PORT = '4318';
const QUERY_PORT = '16686';

/** A span as Jaeger's API tells it, with its service in it. */
export interface JaegerSpan {
  readonly service: string;
  readonly name: string;
  readonly spanId: string;
  readonly parent: string | undefined;
  /** Spans that it is linked to. */
  readonly follows: readonly string[];
  readonly startTime: number;
  readonly tags: Readonly<Record<string, string | number | boolean>>;
}

interface ApiTrace {
  readonly traceID: string;
  readonly spans: readonly ApiSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

interface ApiSpan {
  readonly spanID: string;
  readonly operationName: string;
  readonly processID: string;
  readonly startTime: number;
  readonly duration: number;
  readonly references: readonly { readonly refType: string; readonly traceID: string; readonly spanID: string }[];
  readonly tags: readonly { readonly key: string; readonly value: string | number | boolean }[];
}

/** Jaeger itself, as docker-compose.yml runs it, on ports of its own. */
export class Jaeger {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly ports: Readonly<Record<string, number>>,
  ) {}

  /** @throws Error when there is no program: what is asked of Jaeger cannot be asked of anything else */
  static async start(environment: Readonly<Record<string, string | undefined>>): Promise<Jaeger> {
    const program = environment['JAEGER_BIN'];
    if (!program) throw new Error('JAEGER_BIN names no program: set it to that of Jaeger 2 (see docs/developing.md).');
    const folder = mkdtempSync(join(tmpdir(), 'onceline-jaeger-'));
    const ports: Record<string, number> = {};
    let config = readFileSync(CONFIG, 'utf8');
    for (const [, port] of config.matchAll(/0\.0\.0\.0:(\d+)/g)) {
      ports[port!] = await freePort();
      config = config.replace(`0.0.0.0:${port}`, `127.0.0.1:${ports[port!]}`);
    }
    writeFileSync(join(folder, 'jaeger.yaml'), config);
    const child = spawn(program, ['--config', join(folder, 'jaeger.yaml')], {
      stdio: ['ignore', 'ignore', 'inherit'],
      // It would send spans of itself to a port that is not there.
      env: { ...environment, OTEL_TRACES_SAMPLER: 'always_off' },
    });
    const jaeger = new Jaeger(child, folder, ports);
    const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
    try {
      await Promise.race([failed, eventually(() => jaeger.ask('/api/services'), { withinMs: 30_000 })]);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    return jaeger;
  }

  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  get endpoint(): string {
    return `http://127.0.0.1:${this.ports[OTLP_PORT]}`;
  }

  /** The spans of a trace in the order of their start; none when Jaeger has no such trace. */
  async spansOf(traceId: string): Promise<JaegerSpan[]> {
    const [found] = (await this.ask(`/api/traces/${traceId}`)) as readonly ApiTrace[];
    return found === undefined ? [] : toSpans(found);
  }

  /** Trace ids of the last days with a span of this service that has all these attributes. */
  async find(service: string, tags: Readonly<Record<string, string>>): Promise<string[]> {
    const query = new URLSearchParams({ service, tags: JSON.stringify(tags) });
    const traces = (await this.ask(`/api/traces?${query.toString()}`)) as readonly ApiTrace[];
    return traces.map(({ traceID }) => traceID);
  }

  /** What the API answers for a trace, with its spans in the order of their start and without what is empty. */
  async answerOf(traceId: string): Promise<object> {
    const [found] = (await this.ask(`/api/traces/${traceId}`)) as readonly ApiTrace[];
    if (found === undefined) throw new Error(`Jaeger has no trace ${traceId}`);
    const { spans, processes } = found;
    const ordered = [...spans].sort((a, b) => a.startTime - b.startTime);
    const fields = ['spanID', 'operationName', 'references', 'startTime', 'duration', 'tags', 'processID'] as const;
    const trimmed = ordered.map((span) => Object.fromEntries(fields.map((field) => [field, span[field]])));
    return { data: [{ traceID: traceId, spans: trimmed, processes }] };
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      // It would take its time, and nothing of it is kept.
      this.child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async ask(path: string): Promise<readonly unknown[]> {
    const response = await fetch(`http://127.0.0.1:${this.ports[QUERY_PORT]}${path}`);
    const { data } = (await response.json()) as { data: readonly unknown[] | null };
    return data ?? [];
  }
}

function toSpans({ spans, processes }: ApiTrace): JaegerSpan[] {
  const refersTo = ({ references }: ApiSpan, type: string) =>
    references.filter(({ refType }) => refType === type).map(({ spanID }) => spanID);
  return [...spans]
    .sort((a, b) => a.startTime - b.startTime)
    .map((span) => ({
      service: processes[span.processID]?.serviceName ?? '',
      name: span.operationName,
      spanId: span.spanID,
      parent: refersTo(span, 'CHILD_OF')[0],
      follows: refersTo(span, 'FOLLOWS_FROM'),
      startTime: span.startTime,
      tags: Object.fromEntries(span.tags.map(({ key, value }) => [key, value])),
    }));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
