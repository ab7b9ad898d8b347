import type { ApiRoute } from '@onceline/service-kit';
import { slaDocumentSchema } from '../sla/sla-document.js';
import {
  explanationSchema,
  figureParamsSchema,
  figuresSchema,
  reportQuerySchema,
  reportSchema,
  slaEntrySchema,
  slaHeadersSchema,
  slaVersionsSchema,
} from './sla-schemas.js';
import { botParamsSchema } from './policy-schemas.js';
import { ticketParamsSchema } from './schemas.js';

/** Promises, figures and reports. */
export function slaRoutes(): ApiRoute[] {
  const ofBot = { path: '/v1/bots/{botId}/sla', params: botParamsSchema } as const;
  return [
    {
      ...{ ...ofBot, method: 'get', role: 'viewer', summary: 'What a bot promises its customers' },
      responses: { 200: { description: 'The latest version, which is the ETag', schema: slaEntrySchema } },
    },
    {
      ...{ ...ofBot, path: '/v1/bots/{botId}/sla/versions', method: 'get', role: 'viewer' },
      summary: 'All versions of what a bot has promised',
      responses: { 200: { description: 'The latest first', schema: slaVersionsSchema } },
    },
    {
      ...{ ...ofBot, method: 'put', role: 'admin', summary: 'Promise anew: what is left out is at its standard' },
      headers: slaHeadersSchema,
      body: slaDocumentSchema,
      responses: { 200: { description: 'The version that holds now', schema: slaEntrySchema } },
    },
    {
      ...{ method: 'get', path: '/v1/tickets/{id}/figures', role: 'viewer', params: ticketParamsSchema },
      summary: 'Times of a ticket, with what is due',
      responses: { 200: { description: 'Answers in their order, then the resolution', schema: figuresSchema } },
    },
    {
      ...{ method: 'get', path: '/v1/tickets/{id}/explain/{figure}', role: 'viewer', params: figureParamsSchema },
      summary: 'What a figure was made of: events, intervals that count and that do not, and the rule',
      responses: { 200: { description: 'The figure, explained', schema: explanationSchema } },
    },
    {
      ...{ method: 'get', path: '/v1/reports/sla', role: 'viewer', query: reportQuerySchema },
      summary: 'Percentiles of times, and how many met their target',
      responses: { 200: { description: 'By group and figure', schema: reportSchema } },
    },
  ];
}
