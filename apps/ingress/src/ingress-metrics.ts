import { TracedHistogram, type MetricsRegistry } from '@onceline/service-kit';
import { Counter, Gauge } from 'prom-client';
import type { Admission } from './admission.js';
import type { BrokerHealth } from './broker-health.js';
import { REFUSALS } from './decide-answer.js';
import { BROKEN_HTTP } from './door-server.js';
import { DRIFT_PARTS, KIND_LABELS, OTHER_NAME, type DriftPart } from './notice-drift.js';

/** What became of a request, coarsely: `rejected` is the sender's fault, `shed` and `failed` are ours (429, 503). */
export const OUTCOMES = ['accepted', 'rejected', 'shed', 'failed', 'broken-off'] as const;

export type OutcomeLabel = (typeof OUTCOMES)[number];

/** Telegram wants answers well below a second; its short-lived updates die after 30 s. */
const ACK_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type IngressMetrics = ReturnType<typeof createIngressMetrics>;

/** Read at each scrape. */
export interface IngressState {
  readonly admission: Pick<Admission, 'requests' | 'bytes'>;
  readonly broker: Pick<BrokerHealth, 'isFailing'>;
}

/** Every combination of labels exists from the start, so that an alert on an increase sees the first one. */
export function createIngressMetrics(registry: MetricsRegistry, { admission, broker }: IngressState) {
  const registers = [registry];
  gauge(
    registers,
    'onceline_ingress_in_flight_requests',
    'Whole bodies waiting for the broker.',
    () => admission.requests,
  );
  gauge(registers, 'onceline_ingress_in_flight_bytes', 'Bytes of bodies in memory.', () => admission.bytes);
  // An unready process gets no requests that its counters could show.
  gauge(
    registers,
    'onceline_ingress_broker_failing',
    '1 from a produce that failed until one succeeds or the readiness check finds the topics there.',
    () => Number(broker.isFailing),
  );
  return {
    requests: counter(registers, {
      name: 'onceline_ingress_requests_total',
      help: 'Webhook requests by what became of them.',
      label: 'outcome',
      values: OUTCOMES,
    }),
    rejected: counter(registers, {
      name: 'onceline_ingress_rejected_total',
      help: 'Requests that got no 200, by reason.',
      label: 'reason',
      values: [...REFUSALS, ...BROKEN_HTTP],
    }),
    updates: counter(registers, {
      name: 'onceline_ingress_updates_total',
      help: 'Accepted updates by kind; kinds this version does not know share the label unknown.',
      label: 'kind',
      values: KIND_LABELS,
    }),
    drift: counter(registers, {
      name: 'onceline_ingress_drift_total',
      help: 'Accepted updates with a kind or a top-level field that this version does not know.',
    }),
    unknownParts: unknownParts(registers),
    ackSeconds: new TracedHistogram(registry, {
      name: 'onceline_ingress_ack_seconds',
      help: 'From the head of a request to its 200, the broker included.',
      buckets: ACK_SECONDS,
    }),
  };
}

/** A name is there from its first time on; whether there was one at all is what `drift` counts from 0. */
function unknownParts(registers: MetricsRegistry[]): (part: DriftPart, name: string) => void {
  const made = new Counter({
    name: 'onceline_ingress_unknown_parts_total',
    help: 'Kinds and top-level fields of accepted updates that this version does not know, by name.',
    labelNames: ['part', 'name'] as const,
    registers,
  });
  for (const part of DRIFT_PARTS) made.inc({ part, name: OTHER_NAME }, 0);
  return (part, name) => made.inc({ part, name });
}

interface CounterDeclaration {
  readonly name: string;
  readonly help: string;
  readonly label?: string;
  readonly values?: readonly string[];
}

function counter(
  registers: MetricsRegistry[],
  { name, help, label, values }: CounterDeclaration,
): (value?: string) => void {
  const labelNames = label === undefined ? [] : [label];
  const made = new Counter({ name, help, labelNames, registers });
  if (label === undefined) return () => made.inc();
  for (const value of values ?? []) made.inc({ [label]: value }, 0);
  return (value = '') => made.inc({ [label]: value });
}

function gauge(registers: MetricsRegistry[], name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read());
    },
  });
}
