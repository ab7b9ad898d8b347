import type { TopicSettings } from '@onceline/contracts';
import { rungsMsOf } from '@onceline/retry-policy';
import { UsageError } from './access.js';

const HOUR_MS = 3_600_000;

/** What the settings of the services ask of the topics, so that both fit. */
export function topicSettingsOf(environment: NodeJS.ProcessEnv): TopicSettings {
  const { PARTITIONS: partitions, DEDUPE_TTL_HOURS: ttlHours, TICKETING_RETRY_RUNGS: rungs } = environment;
  return {
    ...(partitions ? { partitions: wholeNumberSetting('PARTITIONS', partitions) } : {}),
    ...(ttlHours ? { dedupeTtlMs: wholeNumberSetting('DEDUPE_TTL_HOURS', ttlHours) * HOUR_MS } : {}),
    ...(rungs ? { ticketingRungsMs: rungsInMs(rungs) } : {}),
  };
}

function wholeNumberSetting(name: string, text: string): number {
  if (/^\s*[1-9]\d*\s*$/.test(text)) return Number(text);
  throw new UsageError(`${name}=${text}: give a whole number from 1`);
}

/** The waits of `TICKETING_RETRY_RUNGS` in milliseconds, as ticketing reads them. */
function rungsInMs(text: string): number[] {
  try {
    return rungsMsOf(text);
  } catch {
    throw new UsageError(
      `TICKETING_RETRY_RUNGS=${text}: give durations such as 500ms, 5s, 2m or 1h, with commas between`,
    );
  }
}
