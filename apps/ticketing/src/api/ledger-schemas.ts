import { OUTCOMES, type Outcome } from '@onceline/contracts';
import { nextPageCursor, pageCursor, pageLimit, searchableText } from '@onceline/service-kit';
import { z } from 'zod';
import { ledgerEntrySchema } from './schemas.js';

/** What nearly every update becomes: a list of those alone is no answer to any question, and has no index. */
const COMMON: readonly Outcome[] = ['ticket-opened', 'message-appended', 'message-edited', 'staff-replied'];

const isRare = (outcome: Outcome | undefined) => outcome !== undefined && !COMMON.includes(outcome);

const filter = (meaning: string) => searchableText(1024).optional().describe(meaning);

export const ledgerQuerySchema = z
  .strictObject({
    bot: filter('id of a bot'),
    updateId: z
      .string()
      .regex(/^\d{1,20}$/, 'must be the update_id of an update, e.g. 500000001')
      .optional()
      .describe('as Telegram numbers updates; of one bot'),
    conversation: filter('a conversation, as tickets show it: its tickets, and what belongs to it and is in no ticket'),
    ticket: filter('id of a ticket'),
    outcome: z.enum(OUTCOMES).optional(),
    limit: pageLimit,
    cursor: pageCursor(3072),
  })
  .refine(({ updateId, bot }) => updateId === undefined || bot !== undefined, {
    path: ['bot'],
    message: 'must be given with updateId: each bot has numbers of its own',
  })
  .refine(
    ({ updateId, conversation, ticket, outcome }) =>
      (updateId ?? conversation ?? ticket) !== undefined || isRare(outcome),
    {
      message: `say at least one of updateId, conversation and ticket, or an outcome other than ${COMMON.join(', ')}`,
    },
  );
export type LedgerQuery = z.infer<typeof ledgerQuerySchema>;

export const ledgerCursorSchema = z.tuple([
  z.iso.datetime({ precision: 3 }).refine((text) => Date.parse(text) >= 0, 'must be a moment since 1970'),
  searchableText(1024),
]);

export const ledgerPageSchema = z.object({ items: z.array(ledgerEntrySchema), nextCursor: nextPageCursor });
export type LedgerPage = z.infer<typeof ledgerPageSchema>;
