import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@onceline/service-kit';
import type { Observation, WebhookGuard } from './guard-webhook.js';
import type { RegistrationMetrics } from './registration-metrics.js';

export interface WatchParts {
  readonly guards: readonly WebhookGuard[];
  readonly intervalMs: number;
  readonly metrics: RegistrationMetrics;
  readonly logger: Logger;
  /** Ends the watch. */
  readonly stop: AbortController;
}

/** So that replicas which started together do not ask together for ever. */
const JITTER = 0.1;

/**
 * Looks after the registrations for as long as the service runs. Whatever becomes of a look, the door goes on: a service
 * that Telegram's API does not answer can still take updates.
 */
export class WebhookWatch {
  #loops: Promise<unknown> | undefined;
  /** What was told of a bot last: a line is written when that changes. */
  readonly #told = new Map<string, string>();

  constructor(private readonly parts: WatchParts) {}

  start(): void {
    for (const { bot } of this.parts.guards) this.parts.metrics.expect(bot.id);
    this.#loops = Promise.all(this.parts.guards.map((guard) => this.#follow(guard)));
  }

  /** Resolves when no look is under way any more. */
  async stop(): Promise<void> {
    this.parts.stop.abort();
    await this.#loops;
  }

  async #follow(guard: WebhookGuard): Promise<void> {
    const { intervalMs, stop } = this.parts;
    while (!stop.signal.aborted) {
      const retryAfterMs = await this.#look(guard);
      const pause = Math.max(intervalMs, retryAfterMs) * (1 + Math.random() * JITTER);
      await delay(pause, undefined, { signal: stop.signal, ref: false }).catch(ifAborted);
    }
  }

  /** Answers how long Telegram wants to be left alone. */
  async #look(guard: WebhookGuard): Promise<number> {
    const { metrics, logger, stop } = this.parts;
    try {
      const observation = await guard.look();
      if (stop.signal.aborted) return 0;
      metrics.looked(guard.bot.id, observation);
      this.#write(guard.bot.id, observation);
      return waitOf(observation);
    } catch (error) {
      // The only thing that may be thrown by a stop is the wait that it ends; anything else is a defect, and says so each time.
      if (!stop.signal.aborted) logger.error({ err: error, botId: guard.bot.id }, 'the webhook watch has a defect');
      return 0;
    }
  }

  #write(botId: string, observation: Observation): void {
    const { line, changesWith, good } = describe(observation);
    const repaired = !('failure' in observation) && observation.repair !== undefined;
    if (this.#told.get(botId) === changesWith && !repaired) return;
    this.#told.set(botId, changesWith);
    this.parts.logger[good ? 'info' : 'warn']({ botId, ...line }, 'webhook registration');
  }
}

function describe(observation: Observation): { line: object; changesWith: string; good: boolean } {
  if ('failure' in observation) {
    const { failure, message } = observation.failure;
    return { line: { look: failure, cause: message }, changesWith: failure, good: false };
  }
  const { report, repair, restraint } = observation;
  const { state, differences, pending, failing, lastErrorMessage } = report;
  return {
    line: {
      look: 'ok',
      state,
      pending,
      failing,
      ...(differences.length > 0 ? { differences } : {}),
      ...(failing && lastErrorMessage !== undefined ? { last_error: lastErrorMessage } : {}),
      ...(repair === undefined ? {} : { repair: repair.result, cause: repair.failure?.message }),
      ...(restraint === undefined ? {} : { not_repaired: restraint }),
    },
    changesWith: [state, failing, restraint, ...differences].join(' '),
    good: state === 'registered' && !failing,
  };
}

function waitOf(observation: Observation): number {
  const failure = 'failure' in observation ? observation.failure : observation.repair?.failure;
  return failure?.retryAfterMs ?? 0;
}

function ifAborted(error: unknown): void {
  if ((error as Error).name !== 'AbortError') throw error;
}
