/** Every route with every credential: what each role may do is written down here once more, and not taken from the code. */
import { hashToken } from '@onceline/service-kit';
import { TestService } from '../test-service.spec.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
}, 60_000);
afterAll(() => service.stop());

const LEAST_ROLE: Readonly<Record<'viewer' | 'agent' | 'admin', readonly string[]>> = {
  viewer: [
    'GET /v1/tickets',
    'GET /v1/tickets/{id}',
    'GET /v1/tickets/{id}/events',
    'GET /v1/tickets/{id}/figures',
    'GET /v1/tickets/{id}/explain/{figure}',
    'GET /v1/parked-conversations',
    'GET /v1/search',
    'GET /v1/ledger',
    'GET /v1/ledger/{idempotencyKey}',
    'GET /v1/exports/tickets',
    'GET /v1/exports/messages',
    'GET /v1/live',
    'GET /v1/queue',
    'GET /v1/bots/{botId}/policy',
    'GET /v1/bots/{botId}/sla',
    'GET /v1/bots/{botId}/sla/versions',
    'GET /v1/reports/sla',
    'GET /v1/agents',
    'GET /v1/agents/{name}',
    'GET /v1/customers/{botId}/{customerId}',
    'GET /v1/dead-letter-breaker',
  ],
  agent: [
    'PATCH /v1/tickets/{id}',
    'POST /v1/tickets/{id}/notes',
    'POST /v1/tickets/{id}/links',
    'DELETE /v1/tickets/{id}/links/{ticketId}',
    'POST /v1/tickets/{id}/merge',
    'POST /v1/queue/next',
    'POST /v1/customers/{botId}/{customerId}/merge',
    'POST /v1/customers/{botId}/{customerId}/split',
  ],
  admin: [
    'PUT /v1/bots/{botId}/policy',
    'PUT /v1/bots/{botId}/sla',
    'PUT /v1/agents/{name}',
    'DELETE /v1/agents/{name}',
    'GET /v1/customers/{botId}/{customerId}/export',
    'POST /v1/customers/{botId}/{customerId}/erasure',
    'GET /v1/erasures',
    'POST /v1/ledger/{idempotencyKey}/discard',
    'POST /v1/rehearsals',
    'POST /v1/dead-letter-breaker/close',
    'GET /v1/faults',
    'PUT /v1/faults',
    'DELETE /v1/faults',
  ],
};
const ROLES = ['viewer', 'agent', 'admin'] as const;
const SECRETS = { viewer: 'secret', agent: 'ada-secret', admin: 'admin-secret' };
const ROUTES = ROLES.flatMap((role) => LEAST_ROLE[role].map((route) => ({ route, role })));

async function statusOf(route: string, authorization?: string): Promise<number> {
  const [method = '', path = ''] = route.split(' ');
  const url = service.url + path.replaceAll(/\{\w+\}/g, '7');
  const hasBody = method !== 'GET' && method !== 'DELETE';
  const response = await fetch(url, {
    method,
    headers: {
      ...(authorization === undefined ? {} : { authorization }),
      ...(hasBody ? { 'content-type': 'application/json' } : {}),
    },
    ...(hasBody ? { body: '{"nothing":"that any route takes"}' } : {}),
  });
  // A stream goes on for as long as somebody listens.
  await response.body?.cancel();
  return response.status;
}

it('the table names every route of the document, and no other', async () => {
  const { json } = await service.get<{ paths: Record<string, object> }>('/docs/openapi.json');
  const described = Object.entries(json.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(ROUTES.map(({ route }) => route).toSorted()).toEqual(described.toSorted());
});

it.each([
  ['no credentials', undefined],
  ['an unknown token', 'Bearer wrong'],
  ['an empty token', 'Bearer '],
  ['a token of another scheme', `Basic ${Buffer.from('admin:admin-secret').toString('base64')}`],
  ['a token with something behind it', 'Bearer admin-secret x'],
  ['what is stored of a token in place of it', `Bearer ${hashToken('admin-secret')}`],
])('%s: 401 from every route', async (_, authorization) => {
  for (const { route } of ROUTES) expect([route, await statusOf(route, authorization)]).toEqual([route, 401]);
});

it.each(ROUTES)('$route: for $role and above, and for nobody below', async ({ route, role: least }) => {
  for (const role of ROLES) {
    const status = await statusOf(route, `Bearer ${SECRETS[role]}`);
    const isAllowed = ROLES.indexOf(role) >= ROLES.indexOf(least);
    expect([role, status === 403]).toEqual([role, !isAllowed]);
    expect([role, status === 401 || status >= 500]).toEqual([role, false]);
  }
});
