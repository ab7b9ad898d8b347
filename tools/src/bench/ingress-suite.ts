import { generateLoad, type LoadReport } from './load-order.js';
import { median } from './statistics.js';
import { STOCK_TOPIC } from './stock-settings.js';
import { createTopicsLikeRaw, withWorkbench, type Suite, type SuiteOptions, type Workbench } from './suite-context.js';
import { TwinProcess } from './twin-process.js';

interface Contestant {
  readonly name: 'ours' | 'stock' | 'bare';
  readonly url: string;
  readonly rounds: LoadReport[];
}

const METHOD =
  'Closed loop over keep-alive sockets from a process of its own; rounds interleaved ours, stock, bare; medians of rounds. ' +
  'Ours and stock acknowledge after acks=all of the same broker and topic settings; bare reads the body and answers.';

/** Acknowledged webhook requests per second: ours, the stock way, and a server that does nothing. */
export const ingressSuite: Suite = (options) =>
  withWorkbench({ services: ['ingress'], onProgress: options.say }, async (bench) => {
    await createTopicsLikeRaw(bench.kafka, [STOCK_TOPIC]);
    const { bots, kafka, ingress } = bench.system.access();
    const bot = bots[0] ?? { id: '', secret: '' };
    const stock = await TwinProcess.start('stock-ingress', {
      KAFKA_BROKERS: kafka.join(','),
      STOCK_SECRET: bot.secret,
    });
    const bare = await TwinProcess.start('bare-server');
    try {
      const contestants: Contestant[] = [
        { name: 'ours', url: `${ingress}/telegram/${bot.id}`, rounds: [] },
        { name: 'stock', url: `${stock.url}/telegram/${bot.id}`, rounds: [] },
        { name: 'bare', url: bare.url, rounds: [] },
      ];
      await compete(contestants, bot.secret, options);
      await checkStored(bench, contestants, options);
      return {
        suite: 'ingress',
        figures: figuresOf(contestants),
        targets: TARGETS,
        method: METHOD,
        quick: options.quick,
      };
    } finally {
      await Promise.all([stock.stop(), bare.stop()]);
    }
  });

const TARGETS = [{ figure: 'ratio_to_stock', op: '>=', value: 5 }] as const;

async function compete(contestants: readonly Contestant[], secret: string, options: SuiteOptions): Promise<void> {
  const { quick, say } = options;
  const order = { secret, connections: 64, count: quick ? 1000 : 30_000, maxSeconds: quick ? 5 : 6 };
  const rounds = quick ? 1 : 5;
  let firstUpdate = 0;
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, url, rounds: reports } of contestants) {
      const report = await generateLoad({ ...order, url, firstUpdate });
      firstUpdate += order.count;
      const refused = Object.keys(report.refusals).length > 0 ? `, refused ${JSON.stringify(report.refusals)}` : '';
      const phase = round === 0 ? 'warm-up' : `round ${round}`;
      say(
        `${phase} ${name}: ${Math.round(report.perSecond)}/s, p50 ${report.p50Ms.toFixed(1)} ms, p99 ${report.p99Ms.toFixed(1)} ms${refused}`,
      );
      // The first round warms the compilers up and counts for nothing.
      if (round > 0) reports.push(report);
    }
  }
}

/** An acknowledgement counts only when the record is in the log. */
async function checkStored(bench: Workbench, contestants: readonly Contestant[], options: SuiteOptions): Promise<void> {
  const topics = { ours: 'telegram.updates.raw', stock: STOCK_TOPIC, bare: undefined };
  for (const { name, rounds } of contestants) {
    const topic = topics[name];
    if (topic === undefined) continue;
    const stored = (await bench.kafka.admin.offsets(topic)).reduce((sum, { low, high }) => sum + high - low, 0);
    const acknowledged = rounds.reduce((sum, report) => sum + report.acknowledged, 0);
    options.say(`${name}: ${stored} records in ${topic}`);
    if (stored < acknowledged) throw new Error(`${name} acknowledged ${acknowledged} updates but stored ${stored}`);
  }
}

function figuresOf(contestants: readonly Contestant[]): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const { name, rounds } of contestants) {
    figures[`${name}_acks_per_second`] = median(rounds.map(({ perSecond }) => perSecond));
    figures[`${name}_p50_ms`] = median(rounds.map(({ p50Ms }) => p50Ms));
    figures[`${name}_p99_ms`] = median(rounds.map(({ p99Ms }) => p99Ms));
  }
  const ratio = (other: string) => (figures['ours_acks_per_second'] ?? 0) / (figures[`${other}_acks_per_second`] ?? 0);
  return { ...figures, ratio_to_stock: ratio('stock'), ratio_to_bare: ratio('bare') };
}
