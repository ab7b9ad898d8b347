import { attachmentSchema } from '@onceline/contracts';
import { z } from 'zod';
import { ticketSchema, ticketsQuerySchema } from './schemas.js';

export const EXPORT_TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv' } as const;
export type ExportFormat = keyof typeof EXPORT_TYPES;

export const exportQuerySchema = ticketsQuerySchema.omit({ limit: true, cursor: true }).extend({
  format: z.enum(['ndjson', 'csv']).optional().describe('without it, what the header Accept asks for, or else ndjson'),
});
export type ExportQuery = z.infer<typeof exportQuerySchema>;

/** A line of an export of messages, flat as a table is. */
export const exportedMessageSchema = z.object({
  ticketId: z.string(),
  version: z.int(),
  botId: z.string(),
  chatId: z.string(),
  messageId: z.int(),
  author: z.enum(['customer', 'staff']),
  senderId: z.string().nullable(),
  senderName: z.string().nullable(),
  senderUsername: z.string().nullable(),
  sentAt: z.iso.datetime(),
  editedAt: z.iso.datetime().nullable(),
  editCount: z.int(),
  mediaGroupId: z.string().nullable(),
  text: z.string().nullable(),
  attachments: z.array(attachmentSchema),
  isErased: z.boolean(),
  deletedAt: z.iso.datetime().nullable(),
});
export type ExportedMessage = z.infer<typeof exportedMessageSchema>;

/** Columns in CSV, and their order. */
export const EXPORT_COLUMNS = {
  tickets: Object.keys(ticketSchema.shape),
  messages: Object.keys(exportedMessageSchema.shape),
} as const;
