/** Every unique update ends in exactly one of these. The list is closed. */
export const OUTCOMES = [
  'ticket-opened',
  'message-appended',
  'message-edited',
  'staff-replied',
  'event-recorded',
  'ignored',
  'parked',
  'dead-lettered',
  'discarded',
] as const;

/** One of {@link OUTCOMES}. */
export type Outcome = (typeof OUTCOMES)[number];
