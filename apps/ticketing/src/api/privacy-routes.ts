import type { ApiRoute } from '@onceline/service-kit';
import { EXPORT_TYPES } from './export-schemas.js';
import {
  erasureSchema,
  erasuresPageSchema,
  erasuresQuerySchema,
  exportedParamsSchema,
  personParamsSchema,
} from './privacy-schemas.js';

/** What customers may ask for: what is held on them, and that it be erased. */
export function privacyRoutes(): ApiRoute[] {
  return [
    {
      ...{
        method: 'get',
        path: '/v1/customers/{botId}/{customerId}/export',
        role: 'admin',
        params: exportedParamsSchema,
      },
      summary: 'All that is held on a customer: his tickets with their histories, then what he wrote in others',
      responses: { 200: { description: 'A line of JSON for each ticket and event', text: [EXPORT_TYPES.ndjson] } },
    },
    {
      ...{
        method: 'post',
        path: '/v1/customers/{botId}/{customerId}/erasure',
        role: 'admin',
        params: personParamsSchema,
      },
      summary: 'Erase what a customer wrote and is called, for good',
      responses: { 200: { description: 'What was erased', schema: erasureSchema } },
    },
    {
      ...{ method: 'get', path: '/v1/erasures', role: 'admin', query: erasuresQuerySchema },
      summary: 'What was erased, when and for whom, the latest first',
      responses: { 200: { description: 'One page', schema: erasuresPageSchema } },
    },
  ];
}
