import type { ApiRoute } from '@onceline/service-kit';
import {
  customerHeadersSchema,
  customerParamsSchema,
  customerSchema,
  mergeCustomersBodySchema,
} from './customer-schemas.js';

/** Customers, and which accounts are one of them. */
export function customerRoutes(): ApiRoute[] {
  const path = '/v1/customers/{botId}/{customerId}';
  const customer = { description: 'The customer; his version is the ETag', schema: customerSchema };
  const request = {
    method: 'post',
    role: 'agent',
    params: customerParamsSchema,
    headers: customerHeadersSchema,
  } as const;
  return [
    {
      ...{ method: 'get', path, role: 'viewer', params: customerParamsSchema },
      summary: 'A customer of a bot: the accounts that are known to be his, and how many tickets each has',
      responses: { 200: customer },
    },
    {
      ...{ ...request, path: `${path}/merge`, body: mergeCustomersBodySchema },
      summary: 'Say that the holder of another account is the same person; tickets stay as they are',
      responses: { 200: customer },
      problems: [409],
    },
    {
      ...{ ...request, path: `${path}/split` },
      summary: 'Say that this account belongs to no other; the others stay one',
      responses: { 200: customer },
      problems: [409],
    },
  ];
}
