export {
  DEAD_LETTER_REASONS,
  nextHop,
  type DeadLetterHop,
  type DeadLetterReason,
  type FailedTry,
  type FailureKind,
  type NextHop,
  type RetryHop,
} from './next-hop.js';
export {
  FAILURE_CLASSES,
  FAILURE_HEADER_NAMES,
  FAILURE_LIMITS,
  readFailureHeaders,
  type FailureClass,
  type FailureHeaders,
  type FailureOrigin,
} from './failure-headers.js';
export { longestLifeMs, type Ladder } from './ladder.js';
export { ladderOf, ladderSettings, rungsMsOf } from './ladder-settings.js';
export { DURATION_RULE, durationText, millisecondsOf } from './durations.js';
export { OutageBreaker, type OutageBreakerOptions } from './outage-breaker.js';
export { DeadLetterWatch, type Counted, type DeadLetterWatchOptions } from './dead-letter-watch.js';
export { fingerprintOf, type Failure } from './fingerprint.js';
export { classifyFailure } from './classify-failure.js';
export { classifyDatabaseFailure, transactionVerdict, type TransactionVerdict } from './database-failure.js';
export type { ClassifiedFailure } from './classified-failure.js';
export { tlsRefusal, tlsTrouble, type Refusal, type TlsTrouble } from './tls-failure.js';
