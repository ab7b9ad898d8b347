import { HEADERS } from '@onceline/contracts';

/** Headers that this room reads or writes. */
export const NAMES = {
  ...HEADERS,
  redriveId: 'redrive-id',
  redriveCount: 'redrive-count',
  failureClass: 'failure-class',
  handlerVersion: 'handler-version',
  conversation: 'conversation',
  dueAt: 'due-at',
} as const;
