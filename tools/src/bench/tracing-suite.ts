import { TOPICS } from '@onceline/contracts';
import { injectTrace, recordedFromHere, unrecordedTrace, type OutgoingRecord } from '@onceline/kafka';
import { rawRecord } from '@onceline/testing';
import { rateOfServices } from './commit-rate.js';
import { generateLoad } from './load-order.js';
import { benchUpdate } from './payloads.js';
import { median } from './statistics.js';
import { withWorkbench, type Suite, type Workbench } from './suite-context.js';
import { TwinProcess } from './twin-process.js';

const METHOD =
  'Pipeline: records lie in raw before dedupe and ticketing start, each with the id of a trace as the ingress gives it, and for sampled one in ten of them recorded; rate between ' +
  'the 10th and the 90th percentile of commit times. Ingress: acknowledged requests per second, closed loop from a process of its own. Each way has processes of its ' +
  'own; rounds interleaved, after one that counts for nothing; medians of rounds. The receiver takes the spans in a process of its own and looks at none of them. ' +
  'quiet: LOG_LEVEL=warn, which leaves out the line of each update.';

const BOT = '1000001';
const RATIO = 0.1;

type Way = 'off' | 'sampled' | 'quiet';

/** What tracing costs, and the line that is written for each update. */
export const tracingSuite: Suite = ({ quick, say }) =>
  withWorkbench({ services: [], onProgress: say }, async (bench) => {
    const sink = await TwinProcess.start('span-sink');
    const plan = { rounds: quick ? 1 : 5, count: quick ? 4000 : 40_000, receiver: sink.url, say };
    try {
      const pipeline = await compete(['off', 'sampled', 'quiet'], { ...plan, measure: pipelineRate(bench) });
      // Afterwards: what it writes would lie in the way of the pipeline.
      const ingress = await compete(['off', 'sampled'], { ...plan, measure: ingressRate(bench) });
      const { bytes } = (await (await fetch(sink.url)).json()) as { bytes: number };
      if (bytes === 0) throw new Error('the receiver of spans got none: nothing was compared');
      return { suite: 'tracing', figures: figuresOf(pipeline, ingress), targets: TARGETS, method: METHOD, quick };
    } finally {
      await sink.stop();
    }
  });

const TARGETS = [{ figure: 'ratio_to_off', op: '>=', value: 0.85 }] as const;

interface Load {
  readonly way: Way;
  /** No update of one round is that of another. */
  readonly first: number;
  readonly count: number;
  readonly environment: Readonly<Record<string, string>>;
}

interface Competition {
  readonly rounds: number;
  readonly count: number;
  readonly receiver: string;
  readonly say: (line: string) => void;
  readonly measure: { readonly what: string; readonly offset: number; rate(load: Load): Promise<number> };
}

async function compete<W extends Way>(ways: readonly W[], competition: Competition): Promise<Record<W, number>> {
  const { rounds, count, receiver, say, measure } = competition;
  const rates = new Map<Way, number[]>(ways.map((way) => [way, []]));
  let first = measure.offset;
  for (let round = 0; round <= rounds; round += 1) {
    for (const way of inTurn(ways, round)) {
      const rate = await measure.rate({ way, first, count, environment: settingsOf(way, receiver) });
      first += count;
      say(`${round === 0 ? 'warm-up' : `round ${round}`} ${measure.what} ${way}: ${Math.round(rate)}/s`);
      // The first round warms everything up and counts for nothing.
      if (round > 0) rates.get(way)?.push(rate);
    }
  }
  return Object.fromEntries(ways.map((way) => [way, median(rates.get(way) ?? [])])) as Record<W, number>;
}

/** Nobody is always the first, who finds the tables smallest. */
function inTurn<W>(ways: readonly W[], round: number): readonly W[] {
  const begin = round % ways.length;
  return [...ways.slice(begin), ...ways.slice(0, begin)];
}

function settingsOf(way: Way, receiver: string): Record<string, string> {
  switch (way) {
    case 'off':
      return {};
    case 'sampled':
      return { OTEL_EXPORTER_OTLP_ENDPOINT: receiver, TRACE_SAMPLE_RATIO: String(RATIO) };
    case 'quiet':
      return { LOG_LEVEL: 'warn' };
  }
}

function pipelineRate(bench: Workbench): Competition['measure'] {
  return {
    what: 'pipeline',
    offset: 0,
    rate: ({ way, ...load }) =>
      rateOfServices(bench, {
        ...load,
        topic: TOPICS.raw,
        record: (n) => tracedRecord(n, way === 'sampled'),
        services: ['dedupe', 'ticketing'],
      }),
  };
}

/** As the ingress writes it. */
function tracedRecord(n: number, isSampling: boolean): OutgoingRecord {
  const isRecorded = isSampling && n % Math.round(1 / RATIO) === 0;
  const context = isRecorded ? recordedFromHere(unrecordedTrace()) : unrecordedTrace();
  const record = rawRecord(BOT, benchUpdate(n));
  return { ...record, headers: injectTrace(record.headers ?? {}, context) };
}

function ingressRate({ system }: Workbench): Competition['measure'] {
  return {
    what: 'ingress',
    offset: 10_000_000,
    rate: async ({ first, count, environment }) => {
      const service = await system.addInstance('ingress', environment);
      const secret = system.access().bots.find(({ id }) => id === BOT)?.secret ?? '';
      const order = { url: `${service.url}/telegram/${BOT}`, secret, connections: 64, maxSeconds: 6 };
      try {
        return (await generateLoad({ ...order, count, firstUpdate: first })).perSecond;
      } finally {
        await system.removeInstance(service);
      }
    },
  };
}

function figuresOf(pipeline: Record<Way, number>, ingress: Record<'off' | 'sampled', number>): Record<string, number> {
  return {
    off_updates_per_second: pipeline.off,
    sampled_updates_per_second: pipeline.sampled,
    quiet_updates_per_second: pipeline.quiet,
    ratio_to_off: pipeline.sampled / pipeline.off,
    off_to_quiet: pipeline.off / pipeline.quiet,
    ingress_off_acks_per_second: ingress.off,
    ingress_sampled_acks_per_second: ingress.sampled,
    ingress_ratio_to_off: ingress.sampled / ingress.off,
  };
}
