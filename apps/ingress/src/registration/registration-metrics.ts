import type { MetricsRegistry } from '@onceline/service-kit';
import { Counter, Gauge } from 'prom-client';
import { API_FAILURES } from './bot-api-failure.js';
import type { Observation, Repair } from './guard-webhook.js';
import { REGISTRATION_STATES } from './judge-registration.js';
import type { Report } from './follow-webhook.js';
import { managedBots } from './managed-bots.js';
import { LIMITS } from './time-to-loss.js';

const LOOK_RESULTS = ['ok', ...API_FAILURES] as const;
const REPAIR_RESULTS: readonly Repair['result'][] = ['mended', 'futile', 'failed'];
const ERROR_SOURCES = ['delivery', 'synchronization'] as const;

/** The settings that say who is watched. */
type BotsAndTokens = Parameters<typeof managedBots>[0];

/** Bots of the settings, with a token and without: nobody looks after the registration of the latter. */
export function countBots(registry: MetricsRegistry, settings: BotsAndTokens): void {
  const bots = new Gauge({
    name: 'onceline_ingress_bots',
    help: 'Bots of the settings, by whether their registration is watched.',
    labelNames: ['watched'] as const,
    registers: [registry],
  });
  const watched = managedBots(settings).length;
  bots.set({ watched: 'true' }, watched);
  bots.set({ watched: 'false' }, settings.BOTS.length - watched);
}

/** What the watch exports. The names are there without a watch too; then they have no values. */
export class RegistrationMetrics {
  private readonly pending;
  private readonly growth;
  private readonly loss;
  private readonly states;
  private readonly lookedAt;
  private readonly looks;
  private readonly errors;
  private readonly repairs;

  constructor(registry: MetricsRegistry) {
    const shape = <Label extends string>(name: string, help: string, ...labels: Label[]) => ({
      name: `onceline_ingress_webhook_${name}`,
      help,
      labelNames: ['bot' as const, ...labels],
      registers: [registry],
    });
    this.pending = new Gauge(shape('pending_updates', 'Updates that Telegram keeps for the bot.'));
    this.growth = new Gauge(shape('pending_growth_per_second', 'Slope of the pending updates, in updates per second.'));
    this.loss = new Gauge(
      shape('time_to_loss_seconds', 'Time until Telegram drops updates if things go on as they do, by limit.', 'limit'),
    );
    this.states = new Gauge(shape('registration', '1 for the state that the last look found.', 'state'));
    this.lookedAt = new Gauge(shape('looked_timestamp_seconds', 'When the last successful look was, unix time.'));
    this.looks = new Counter(shape('looks_total', 'Looks at the registration, by what came of them.', 'result'));
    this.errors = new Counter(
      shape('errors_total', 'Looks that found a newer delivery error than the look before.', 'source'),
    );
    this.repairs = new Counter(shape('repairs_total', 'Registrations made by the watch.', 'result'));
  }

  /** Every counter of a bot is there at 0 before its first look, so that an alert on an increase sees the first one. */
  expect(bot: string): void {
    for (const result of LOOK_RESULTS) this.looks.inc({ bot, result }, 0);
    for (const source of ERROR_SOURCES) this.errors.inc({ bot, source }, 0);
    for (const result of REPAIR_RESULTS) this.repairs.inc({ bot, result }, 0);
  }

  looked(bot: string, observation: Observation): void {
    if ('failure' in observation) {
      this.looks.inc({ bot, result: observation.failure.failure });
      return;
    }
    this.looks.inc({ bot, result: 'ok' });
    if (observation.repair) this.repairs.inc({ bot, result: observation.repair.result });
    this.#tell(bot, observation.report);
  }

  #tell(bot: string, report: Report): void {
    this.pending.set({ bot }, report.pending);
    this.growth.set({ bot }, report.growthPerSecond);
    this.lookedAt.set({ bot }, report.at / 1000);
    for (const limit of LIMITS) this.loss.set({ bot, limit }, report.timeToLoss[limit]);
    for (const state of REGISTRATION_STATES) this.states.set({ bot, state }, Number(state === report.state));
    for (const source of ERROR_SOURCES) if (report.errors[source]) this.errors.inc({ bot, source });
  }
}
