import { DEAD_LETTER_REASONS, FAILURE_CLASSES } from '@onceline/retry-policy';
import { nextPageCursor, pageCursor, pageLimit, searchableText } from '@onceline/service-kit';
import { z } from 'zod';
import { REDRIVE_STATES, STATUSES } from './dead-letter.js';

const time = z.iso.datetime().describe('RFC 3339, UTC');
const cursor = pageCursor(2048);
const moment = z.iso
  .datetime({ offset: true })
  .refine((text) => Date.parse(text) >= 0, 'must be a moment since 1970')
  .optional();
const reason = searchableText(1000).describe('why, for the audit trail');

const filterShape = {
  fingerprint: searchableText(128).optional().describe('a group, as GET /v1/dead-letter-groups names it'),
  consumer: searchableText(128).optional().describe('the consumer that failed'),
  bot: searchableText(64).optional().describe('id of a bot'),
  conversation: searchableText(512).optional().describe('a conversation, as dead letters show it'),
  class: z
    .enum(FAILURE_CLASSES)
    .optional()
    .describe('whose failure: ours (pipeline) or an endpoint of a customer (destination)'),
  status: z.enum(STATUSES).optional(),
  from: moment.describe('dead since this moment, RFC 3339'),
  to: moment.describe('dead before this moment, RFC 3339'),
};

export const filterSchema = z.strictObject(filterShape);
export const listQuerySchema = z.strictObject({ ...filterShape, limit: pageLimit, cursor });
export type ListQuery = z.infer<typeof listQuerySchema>;
export const groupsQuerySchema = listQuerySchema;
export const pageQuerySchema = z.strictObject({ limit: pageLimit, cursor });
export const listCursorSchema = z.tuple([z.iso.datetime({ precision: 6 }), searchableText(128)]);
export const groupsCursorSchema = z.tuple([
  z.iso.datetime({ precision: 6 }),
  searchableText(128),
  searchableText(256),
  z.enum(FAILURE_CLASSES),
]);
export const idParamsSchema = z.object({ id: searchableText(128) });

/** Only open ones are ever taken, so that a status is nothing to choose here. */
const openFilter = filterSchema
  .omit({ status: true })
  .refine((filter) => Object.keys(filter).length > 0, 'must name at least one condition');

const selectionShape = {
  id: searchableText(128).optional().describe('one dead letter'),
  ids: z.array(searchableText(128)).min(1).max(1000).optional().describe('several, at most 1000'),
  fingerprint: searchableText(128).optional().describe('a group'),
  filter: openFilter.optional().describe('all that fit'),
};
const CHOICES = ['id', 'ids', 'fingerprint', 'filter'] as const;
const isOneChoice = (choice: Partial<Record<(typeof CHOICES)[number], unknown>>): boolean =>
  CHOICES.filter((name) => choice[name] !== undefined).length === 1;
const ONE_CHOICE = 'must name exactly one of id, ids, fingerprint, filter';

export const selectionSchema = z.strictObject(selectionShape);

export const discardBodySchema = z.strictObject({ ...selectionShape, reason }).refine(isOneChoice, ONE_CHOICE);
export type DiscardBody = z.infer<typeof discardBodySchema>;

const payload = z
  .union([
    z.strictObject({ base64: z.base64().min(1) }),
    z.strictObject({
      text: z
        .string()
        .min(1)
        .refine((text) => text.isWellFormed(), 'must be text'),
    }),
  ])
  .describe('goes out instead of the original, which is kept; for a single dead letter only');

export const redriveBodySchema = z
  .strictObject({
    ...selectionShape,
    dryRun: z.boolean().prefault(false).describe('ask ticketing what would happen; nothing is sent, nothing is kept'),
    rate: z.number().min(0.1).max(1000).prefault(50).describe('records a second at most'),
    canary: z
      .array(z.int().min(1).max(10_000))
      .max(10)
      .prefault([1, 10])
      .describe('sizes of the first stages; each must end well before the next begins. [] sends all at once'),
    reason: reason.optional().describe('why, for the audit trail; only a dry run needs none'),
    payload: payload.optional(),
  })
  .refine(isOneChoice, ONE_CHOICE)
  .refine((body) => body.dryRun || body.reason !== undefined, { path: ['reason'], message: 'is required' })
  .refine((body) => body.payload === undefined || body.id !== undefined, {
    path: ['payload'],
    message: 'goes with a single id only',
  });
export type RedriveBody = z.infer<typeof redriveBodySchema>;

export const cancelBodySchema = z.strictObject({ reason });

const failure = z.object({ kind: z.string(), code: z.string(), message: z.string() });

export const deadLetterSchema = z.object({
  id: z.string(),
  consumer: z.string(),
  class: z.enum(FAILURE_CLASSES),
  status: z.enum(STATUSES),
  fingerprint: z.string(),
  failure,
  handlerVersion: z.string().nullable(),
  attempts: z.int(),
  botId: z.string().nullable(),
  conversation: z.string().nullable(),
  idempotencyKey: z.string().nullable(),
  traceId: z.string().nullable(),
  redriveCount: z.int(),
  redriveId: z.string().nullable().describe('the redrive that this dead letter came of'),
  firstFailedAt: time.nullable(),
  deadAt: time,
});
export type DeadLetterView = z.infer<typeof deadLetterSchema>;

const auditEntrySchema = z.object({
  id: z.string(),
  at: time,
  action: z.string(),
  actor: z
    .string()
    .describe('the name of the token, else its role and the first digits of its hash, or the service itself'),
  reason: z.string(),
  redriveId: z.string().nullable(),
  deadLetterCount: z.int(),
  details: z.looseObject({}),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const deadLetterDetailsSchema = deadLetterSchema.extend({
  position: z.object({ topic: z.string(), partition: z.int(), offset: z.int() }),
  deadLetterReason: z
    .enum(DEAD_LETTER_REASONS)
    .nullable()
    .describe('why nothing was tried any more; null where the record does not say it'),
  copies: z.int().describe('records in the topic that are this dead letter'),
  key: z.string().nullable(),
  payload: z.object({
    base64: z
      .string()
      .nullable()
      .describe('null for a record without value, and 30 days after the death of one that is done with'),
    text: z.string().nullable().describe('the same when it is JSON'),
    bytes: z.int(),
  }),
  headers: z.record(z.string(), z.string()),
  redrives: z.array(
    z.object({
      redriveId: z.string(),
      state: z.string(),
      outcome: z.string().nullable(),
      ticketId: z.string().nullable(),
      isCorrected: z.boolean(),
      sentAt: time.nullable(),
      settledAt: time.nullable(),
    }),
  ),
  history: z.array(auditEntrySchema).describe('what was done to it, by whom and why; oldest first'),
  sameUpdate: z
    .array(z.object({ id: z.string(), status: z.string() }))
    .describe('other dead letters of the same update'),
});
export type DeadLetterDetails = z.infer<typeof deadLetterDetailsSchema>;

export const deadLettersPageSchema = z.object({ items: z.array(deadLetterSchema), nextCursor: nextPageCursor });
export type DeadLettersPage = z.infer<typeof deadLettersPageSchema>;

export const groupSchema = z.object({
  fingerprint: z.string(),
  consumer: z.string(),
  class: z.enum(FAILURE_CLASSES),
  failure: failure.describe('as in the latest of the group'),
  handlerVersion: z.string().nullable(),
  count: z.int(),
  statuses: z.record(z.string(), z.int()),
  firstSeenAt: time,
  lastSeenAt: time,
});
export const groupsPageSchema = z.object({ items: z.array(groupSchema), nextCursor: nextPageCursor });
export type GroupsPage = z.infer<typeof groupsPageSchema>;

const skipped = z
  .array(z.object({ id: z.string(), status: z.string() }))
  .describe('asked for by id, but no longer open');

export const stageSchema = z.object({
  stage: z.int(),
  waiting: z.int(),
  sent: z.int(),
  redriven: z.int(),
  failedAgain: z.int(),
  released: z.int(),
});
export const redriveSchema = z.object({
  id: z.string(),
  state: z.enum(REDRIVE_STATES),
  note: z.string().nullable().describe('why it stopped'),
  reason: z.string(),
  requestedBy: z.string(),
  selection: z.string(),
  rate: z.number(),
  selected: z.int(),
  counts: stageSchema.omit({ stage: true }),
  outcomes: z.record(z.string(), z.int()).describe('what became of those that have an outcome'),
  stages: z.array(stageSchema),
  createdAt: time,
  finishedAt: time.nullable(),
});
export type Redrive = z.infer<typeof redriveSchema>;
export const startedRedriveSchema = redriveSchema.extend({ skipped });
export const redrivesPageSchema = z.object({
  items: z.array(redriveSchema.omit({ counts: true, outcomes: true, stages: true })),
  nextCursor: nextPageCursor,
});
export type RedrivesPage = z.infer<typeof redrivesPageSchema>;

export const dryRunSchema = z.object({
  dryRun: z.literal(true),
  selected: z.int(),
  rehearsed: z.int().describe('fewer than selected when there are more than 5000 or some are too large to ask about'),
  results: z.record(z.string(), z.int()),
  summary: z.string(),
});
export type DryRun = z.infer<typeof dryRunSchema>;

export const discardedSchema = z.object({ discarded: z.int(), skipped });
export type Discarded = z.infer<typeof discardedSchema>;

export const auditPageSchema = z.object({ items: z.array(auditEntrySchema), nextCursor: nextPageCursor });
export type AuditPage = z.infer<typeof auditPageSchema>;
export const auditCursorSchema = z.string().regex(/^\d{1,18}$/);
