import type { Report } from '../follow-webhook.js';
import type { Observation } from '../guard-webhook.js';
import type { Judgement } from '../judge-registration.js';
import type { ManagedBot } from '../managed-bots.js';
import { LONGEST_SECONDS, nearestLimit, type Limit } from '../time-to-loss.js';
import type { WebhookInfo } from '../webhook-info.js';

/** One bot for a person. */
export function infoLines({ id, wanted }: ManagedBot, info: WebhookInfo, { state, differences }: Judgement): string[] {
  const kinds =
    info.allowed_updates === undefined ? "Telegram's default kinds" : `${info.allowed_updates.length} kinds`;
  const connections = info.max_connections === undefined ? '' : `at most ${info.max_connections} connections, `;
  const ours = state === 'registered' || state === 'drifted';
  return [
    `bot ${id}: ${state}${ours ? ` at ${wanted.url}` : ''}`,
    ...differences.map((difference) => `  ${difference}`),
    `  ${info.pending_update_count} waiting, ${connections}${kinds}`,
    ...(info.last_error_message === undefined ? [] : [`  last error ${errorWords(info)}`]),
  ];
}

/** One bot for a program. Of a foreign address only what {@link Judgement} tells. */
export function infoRecord({ id, wanted }: ManagedBot, info: WebhookInfo, judgement: Judgement): object {
  return {
    bot: id,
    ...judgement,
    wanted,
    pending: info.pending_update_count,
    maxConnections: info.max_connections,
    allowedUpdates: info.allowed_updates,
    lastErrorAt: isoTime(info.last_error_date),
    lastError: info.last_error_message,
    lastSynchronizationErrorAt: isoTime(info.last_synchronization_error_date),
  };
}

/** One look for a person. */
export function lookLine(botId: string, observation: Observation, at: number): string {
  const start = `${new Date(at).toISOString().slice(11, 19)} bot ${botId}:`;
  if ('failure' in observation) return `${start} no answer, ${observation.failure.message}`;
  const { report, repair, restraint } = observation;
  const parts = [
    [report.state, ...report.differences].join(', '),
    `${report.pending} waiting (${signed(report.growthPerSecond)} a second)`,
    lossWords(report),
    ...(report.errors.delivery ? [`new error: ${report.lastErrorMessage ?? 'without a message'}`] : []),
    ...(report.errors.synchronization ? ['new trouble between the servers of Telegram'] : []),
    ...(repair === undefined ? [] : [`repair: ${repair.result} ${repair.failure?.message ?? ''}`.trimEnd()]),
    ...(restraint === undefined ? [] : [`not repaired: ${restraint}`]),
  ];
  return `${start} ${parts.join(' · ')}`;
}

/** One look for a program. */
export function lookRecord(botId: string, observation: Observation, at: number): object {
  const start = { bot: botId, at: new Date(at).toISOString() };
  if ('failure' in observation) {
    const { failure, message } = observation.failure;
    return { ...start, look: failure, cause: message };
  }
  const { report, repair, restraint } = observation;
  return {
    ...report,
    ...start,
    look: 'ok',
    repair: repair?.result,
    cause: repair?.failure?.message,
    notRepaired: restraint,
  };
}

const LIMIT_WORDS: Readonly<Record<Limit, string>> = {
  count: 'by their number',
  bytes: 'by their bytes',
  age: 'by their age',
};

function lossWords({ timeToLoss }: Report): string {
  const limit = nearestLimit(timeToLoss);
  const minutes = Math.floor(timeToLoss[limit] / 60);
  if (timeToLoss[limit] === LONGEST_SECONDS) return 'none lost for 24 h';
  if (timeToLoss[limit] === 0) return `updates are being lost ${LIMIT_WORDS[limit]}`;
  return `none lost for ${Math.floor(minutes / 60)} h ${minutes % 60} min (${LIMIT_WORDS[limit]})`;
}

function signed(growth: number): string {
  const text = growth.toFixed(2);
  return growth > 0 ? `+${text}` : text;
}

function errorWords({ last_error_date: date, last_error_message: message }: WebhookInfo): string {
  return `${isoTime(date) ?? ''} ${message ?? ''}`.trim();
}

function isoTime(seconds: number | undefined): string | undefined {
  if (seconds === undefined || seconds > LAST_SECOND) return undefined;
  return new Date(seconds * 1000).toISOString();
}

/** Of the year 9999: later ones no calendar takes. */
const LAST_SECOND = 253_402_300_799;
