import type { BotApi } from './bot-api.js';
import { BotApiError } from './bot-api-failure.js';
import {
  NO_REPAIRS,
  decideRepair,
  remembered,
  rememberedRepair,
  repaired,
  type RepairMemory,
  type Restraint,
} from './decide-repair.js';
import { NO_HISTORY, followWebhook, type History, type Report } from './follow-webhook.js';
import type { Deviation } from './judge-registration.js';
import { webhookOrder, type ManagedBot } from './managed-bots.js';

/** A repair: whether the registration is ours now, or why the call failed. */
export interface Repair {
  readonly result: 'mended' | 'futile' | 'failed';
  readonly failure?: BotApiError;
}

/** What came of a look: Telegram's answer judged, or the reason why there is none. */
export type Observation =
  | { readonly report: Report; readonly repair: Repair | undefined; readonly restraint: Restraint | undefined }
  | { readonly failure: BotApiError };

export interface GuardParts {
  readonly api: Pick<BotApi, 'getWebhookInfo' | 'setWebhook'>;
  /** What may be mended without asking. */
  readonly repair: readonly Deviation[];
  readonly bytesPerUpdate: () => number;
  readonly now: () => number;
  /** Before a repair, so that of several watches one comes first and the others find the work done. */
  readonly stepAside: () => Promise<unknown>;
}

/** Looks after the registration of one bot. One look at a time. */
export class WebhookGuard {
  #history: History = NO_HISTORY;
  #memory: RepairMemory = NO_REPAIRS;

  constructor(
    readonly bot: ManagedBot,
    private readonly parts: GuardParts,
  ) {}

  async look(): Promise<Observation> {
    try {
      const report = await this.#observe();
      const decision = decideRepair(report, this.parts.repair, this.#memory, report.at);
      if (decision.repair) return await this.#repair(report);
      this.#memory = remembered(this.#memory, report, report.at);
      return { report, repair: undefined, restraint: decision.because };
    } catch (error) {
      if (!(error instanceof BotApiError)) throw error;
      return { failure: error };
    }
  }

  async #observe(): Promise<Report> {
    const info = await this.parts.api.getWebhookInfo();
    const look = { at: this.parts.now(), wanted: this.bot.wanted, bytesPerUpdate: this.parts.bytesPerUpdate() };
    const { history, report } = followWebhook(this.#history, info, look);
    this.#history = history;
    return report;
  }

  async #repair(found: Report): Promise<Observation> {
    await this.parts.stepAside();
    const again = withErrorsOf(found, await this.#observe());
    const decision = decideRepair(again, this.parts.repair, this.#memory, again.at);
    if (!decision.repair) {
      this.#memory = remembered(this.#memory, again, again.at);
      return { report: again, repair: undefined, restraint: decision.because };
    }
    try {
      await this.parts.api.setWebhook(webhookOrder(this.bot));
    } catch (error) {
      if (!(error instanceof BotApiError)) throw error;
      return { report: again, repair: { result: 'failed', failure: error }, restraint: undefined };
    }
    this.#memory = repaired(this.#memory, again.at);
    const after = withErrorsOf(again, await this.#observe());
    this.#memory = rememberedRepair(this.#memory, after);
    return {
      report: after,
      repair: { result: after.state === 'registered' ? 'mended' : 'futile' },
      restraint: undefined,
    };
  }
}

/** One observation may look several times; an error that any of them found new is told once. */
function withErrorsOf(earlier: Report, { errors, ...later }: Report): Report {
  const delivery = earlier.errors.delivery || errors.delivery;
  const synchronization = earlier.errors.synchronization || errors.synchronization;
  return { ...later, errors: { delivery, synchronization } };
}
