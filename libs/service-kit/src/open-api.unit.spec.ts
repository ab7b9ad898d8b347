import { z } from 'zod';
import { docsPage } from './docs-page.js';
import { openApi } from './open-api.js';

const document = openApi({ title: 'Tickets <b>', version: '1.0.0' }, [
  {
    method: 'get',
    path: '/v1/tickets/{id}',
    summary: 'One ticket & its messages',
    role: 'viewer',
    params: z.object({ id: z.string().describe('ticket id') }),
    query: z.object({ limit: z.coerce.number().int().max(200).default(50) }),
    responses: { 200: { description: 'the ticket', schema: z.object({ id: z.string(), openedAt: z.iso.datetime() }) } },
  },
  {
    method: 'post',
    path: '/v1/tickets/{id}',
    summary: 'Close',
    role: 'anyone',
    body: z.object({ reason: z.string() }),
    responses: { 204: { description: 'done' } },
  },
]);

describe('openApi', () => {
  it('describes both operations of a path from their schemas', () => {
    const { get, post } = document.paths['/v1/tickets/{id}'] ?? {};
    expect(get).toMatchObject({
      description: 'Needs the role viewer.',
      security: [{ bearer: [] }],
      parameters: [
        { name: 'id', in: 'path', required: true, description: 'ticket id', schema: { type: 'string' } },
        { name: 'limit', in: 'query', required: false, schema: { maximum: 200, default: 50 } },
      ],
      responses: {
        200: { content: { 'application/json': { schema: { type: 'object', required: ['id', 'openedAt'] } } } },
        default: { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
      },
    });
    expect(post).toMatchObject({ requestBody: { required: true }, responses: { 204: { description: 'done' } } });
    expect(post).not.toHaveProperty('security');
  });

  const statuses = (changes: object) => {
    const route = { method: 'get', path: '/v1/x', summary: 'X', role: 'viewer', responses: {} } as const;
    const operation = openApi({ title: 'X', version: '1' }, [{ ...route, ...changes }]).paths['/v1/x']?.['get'];
    return Object.keys((operation ?? {})['responses'] as object);
  };

  it('names the problems that a route can answer with', () => {
    expect(statuses({})).toEqual(['401', '503', 'default']);
    expect(statuses({ role: 'anyone' })).toEqual(['503', 'default']);
    expect(statuses({ role: 'admin', params: z.object({ id: z.string() }) })).toEqual([
      ...['400', '401', '403', '404', '503', 'default'],
    ]);
    expect(statuses({ query: z.object({ limit: z.string() }), problems: [409] })).toEqual([
      ...['400', '401', '409', '503', 'default'],
    ]);
    const headers = z.object({ 'if-match': z.string(), 'idempotency-key': z.string() });
    expect(statuses({ headers })).toEqual(['400', '401', '412', '422', '503', 'default']);
  });

  it('asks for no body where it can be left out', () => {
    const body = z.object({ reason: z.string() }).optional();
    const { paths } = openApi({ title: 'X', version: '1' }, [
      { method: 'post', path: '/v1/x', summary: 'X', role: 'anyone', body, responses: {} },
    ]);
    const schema = expect.objectContaining({ type: 'object', required: ['reason'] }) as object;
    expect(paths['/v1/x']?.['post']?.['requestBody']).toEqual({
      required: false,
      content: { 'application/json': { schema } },
    });
  });

  it('describes each event of a stream', () => {
    const events = z.object({ id: z.string() });
    const { paths } = openApi({ title: 'X', version: '1' }, [
      { method: 'get', path: '/v1/x', summary: 'X', role: 'anyone', responses: { 200: { description: 'It', events } } },
    ]);
    expect(paths['/v1/x']?.['get']).toMatchObject({
      responses: { 200: { content: { 'text/event-stream': { schema: { type: 'object', required: ['id'] } } } } },
    });
  });

  it('names what can be wrong with a body where there is one', () => {
    const paths = openApi({ title: 'X', version: '1' }, [
      { method: 'delete', path: '/v1/x', summary: 'X', role: 'anyone', responses: {} },
    ]).paths;
    expect(Object.keys(paths['/v1/x']?.['delete']?.['responses'] as object)).toEqual([
      ...['400', '413', '415', '503', 'default'],
    ]);
  });
});

describe('docsPage', () => {
  it('lists the operations and escapes what it shows', () => {
    const page = docsPage(document);
    expect(page).toContain('Tickets &lt;b&gt; 1.0.0');
    expect(page).toContain('<code>POST</code>');
    expect(page).toContain('One ticket &amp; its messages');
    expect(page).not.toMatch(/https?:\/\//);
  });
});
