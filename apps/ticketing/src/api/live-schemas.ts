import { searchableText } from '@onceline/service-kit';
import { z } from 'zod';
import { decodePosition } from '../live/position.js';

export const LIVE_TYPE = 'text/event-stream';

const time = z.iso.datetime().describe('RFC 3339, UTC');

/** The data of an event. */
const dataSchema = z.object({
  eventId: z.string(),
  ticketId: z.string(),
  version: z.int().describe('of the ticket, with this event'),
  type: z.string().describe('as in the history of the ticket'),
  occurredAt: time,
  botId: z.string().nullable(),
  conversation: z.string().nullable(),
});

/** An event as it is sent. */
export const liveEventSchema = z.object({
  id: z.string().describe('where it stands: to be handed back as Last-Event-ID'),
  event: z.string().describe('type of the event, as in the history of the ticket'),
  data: z
    .string()
    .meta({ contentMediaType: 'application/json', contentSchema: z.toJSONSchema(dataSchema) })
    .describe('in JSON'),
});

const position = z
  .string()
  .min(1)
  .max(128)
  .transform((text, context) => {
    const decoded = decodePosition(text);
    if (decoded !== undefined) return decoded;
    context.addIssue('must be the id of an event of this stream, unchanged');
    return z.NEVER;
  });

export const liveQuerySchema = z.strictObject({
  bot: searchableText(512).optional().describe('id of a bot'),
  ticket: searchableText(128).optional().describe('id of a ticket'),
  after: position
    .optional()
    .describe('id of the last event that is known, for clients that cannot send Last-Event-ID, which goes before it'),
});

export const liveHeadersSchema = z.object({
  'last-event-id': position
    .optional()
    .describe('id of the last event that is known: the stream goes on behind it. Without one it begins now'),
});
