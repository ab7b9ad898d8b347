import { LINK_KINDS } from '@onceline/contracts';
import { searchableText } from '@onceline/service-kit';
import { z } from 'zod';

const ticketId = searchableText(128).describe('id of another ticket');
const kind = z.enum(LINK_KINDS).describe('what this ticket has to do with the other one');

export const linksSchema = z
  .array(z.object({ ticketId: z.string(), kind }))
  .describe('other tickets, each of which says the same from its side');

export const linkBodySchema = z.strictObject({ ticketId, kind });
export const linkParamsSchema = z.object({ id: searchableText(128), ticketId });

export const mergeBodySchema = z.strictObject({ into: searchableText(128).describe('id of the ticket that goes on') });

export const mergedIntoSchema = z.string().nullable().describe('the ticket that goes on for this one too');
export const mergedFromSchema = z.array(z.string()).describe('tickets that were merged into this one');
