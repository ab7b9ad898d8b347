import { openApi, type OpenApiDocument } from '@onceline/service-kit';
import {
  eventsPageSchema,
  eventsQuerySchema,
  ledgerEntrySchema,
  ledgerParamsSchema,
  ticketParamsSchema,
  ticketsPageSchema,
  ticketsQuerySchema,
  ticketWithMessagesSchema,
} from './schemas.js';

/** Made from the schemas that check requests and type answers. */
export const TICKETING_API: OpenApiDocument = openApi(
  {
    title: 'Onceline ticketing',
    version: '1',
    description: 'Tickets, their history, and what became of every update.',
  },
  [
    {
      method: 'get',
      path: '/v1/tickets',
      summary: 'List tickets, newest first',
      role: 'viewer',
      query: ticketsQuerySchema,
      responses: { 200: { description: 'One page of tickets', schema: ticketsPageSchema } },
    },
    {
      method: 'get',
      path: '/v1/tickets/{id}',
      summary: 'One ticket with its messages',
      role: 'viewer',
      params: ticketParamsSchema,
      responses: {
        200: { description: 'The ticket; its version is the ETag', schema: ticketWithMessagesSchema },
        304: { description: 'Unchanged since the version in If-None-Match' },
      },
    },
    {
      method: 'get',
      path: '/v1/tickets/{id}/events',
      summary: 'The history of a ticket',
      role: 'viewer',
      params: ticketParamsSchema,
      query: eventsQuerySchema,
      responses: { 200: { description: 'One page of events, oldest first', schema: eventsPageSchema } },
    },
    {
      method: 'get',
      path: '/v1/ledger/{idempotencyKey}',
      summary: 'What became of an update, and which copies of it were refused',
      role: 'viewer',
      params: ledgerParamsSchema,
      responses: { 200: { description: 'The entry', schema: ledgerEntrySchema } },
    },
  ],
);
