import { growthPerSecond, waitingSince, withSample, type Sample } from './backlog.js';
import { judgeRegistration, type Judgement } from './judge-registration.js';
import type { WantedWebhook } from './managed-bots.js';
import { timeToLoss, type TimeToLoss } from './time-to-loss.js';
import type { WebhookInfo } from './webhook-info.js';

/** What earlier looks at a bot have left behind. */
export interface History {
  readonly samples: readonly Sample[];
  readonly lastErrorDate?: number | undefined;
  readonly lastSynchronizationErrorDate?: number | undefined;
  /** When this watch last learned of a failed delivery. */
  readonly failedAt?: number | undefined;
  readonly waitingSince?: number | undefined;
}

export const NO_HISTORY: History = { samples: [] };

/** What a look says. */
export interface Report extends Judgement {
  readonly at: number;
  readonly pending: number;
  readonly growthPerSecond: number;
  /** New since the look before. That an error is shown says nothing: success never clears it. */
  readonly errors: { readonly delivery: boolean; readonly synchronization: boolean };
  /** Deliveries have failed lately. */
  readonly failing: boolean;
  readonly lastErrorMessage: string | undefined;
  readonly timeToLoss: TimeToLoss;
}

/** What is known besides Telegram's answer. */
export interface Look {
  readonly at: number;
  readonly wanted: WantedWebhook;
  readonly bytesPerUpdate: number;
}

/**
 * Errors of a lone update that nobody answers are up to 180 s apart: Telegram gives up a try after 60 s and makes the next one up to 120 s
 * later. Silence is longer than that, and than a look takes.
 */
const SILENCE_MS = 240_000;

/** Adds a look to the history of a bot. */
export function followWebhook(
  before: History,
  info: WebhookInfo,
  { at, wanted, bytesPerUpdate }: Look,
): { history: History; report: Report } {
  const previousAt = before.samples.at(-1)?.at;
  const samples = withSample(before.samples, { at, pending: info.pending_update_count });
  const first = previousAt === undefined;
  const errors = {
    delivery: !first && moved(before.lastErrorDate, info.last_error_date),
    synchronization: !first && moved(before.lastSynchronizationErrorDate, info.last_synchronization_error_date),
  };
  // The first look has nothing to compare with, but it may find an error of this very moment.
  const failedAt = errors.delivery ? at : first ? (info.last_error_date ?? 0) * 1000 : before.failedAt;
  const failing = failedAt !== undefined && at - failedAt < SILENCE_MS;
  const pending = info.pending_update_count;
  const inHand = info.max_connections ?? wanted.maxConnections;
  const since = waitingSince(before.waitingSince, { at, pending, failing, inHand, previousAt });
  const growth = growthPerSecond(samples);
  const oldestSeconds = since === undefined ? 0 : Math.max(0, at - since) / 1000;
  return {
    history: {
      samples,
      lastErrorDate: info.last_error_date,
      lastSynchronizationErrorDate: info.last_synchronization_error_date,
      failedAt,
      waitingSince: since,
    },
    report: {
      ...judgeRegistration(wanted, info),
      at,
      pending,
      growthPerSecond: growth,
      errors,
      failing,
      lastErrorMessage: info.last_error_message,
      timeToLoss: timeToLoss({ pending, growthPerSecond: growth, bytesPerUpdate, oldestSeconds }),
    },
  };
}

/** An error that vanished was cleared by a new registration; only a later one is new. */
function moved(before: number | undefined, now: number | undefined): boolean {
  return now !== undefined && now !== before;
}
