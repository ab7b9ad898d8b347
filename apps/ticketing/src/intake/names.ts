import { HEADERS as OF_CONTRACTS, TOPICS as TOPICS_OF_CONTRACTS } from '@onceline/contracts';

/** Until contracts declares them, the names that only retries use. */
export const HEADERS = {
  ...OF_CONTRACTS,
  dueAt: 'due-at',
  retriedAt: 'retried-at',
  handlerVersion: 'handler-version',
  failureClass: 'failure-class',
  redriveId: 'redrive-id',
  redriveCount: 'redrive-count',
  conversation: 'conversation',
  previousTraceparent: 'previous-traceparent',
} as const;
export const TOPICS = { ...TOPICS_OF_CONTRACTS, ticketingRedelivery: 'ticketing.redelivery' } as const;
