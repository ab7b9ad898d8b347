import { ForbiddenException, NotFoundException, PayloadTooLargeException } from '@nestjs/common';
import { z } from 'zod';
import { Problem, parseRequest } from './problem.js';
import { toProblem } from './problem-filter.js';

const request = { method: 'GET', path: '/v1/tickets' };

describe('parseRequest', () => {
  const query = z.object({ limit: z.coerce.number().max(200), cursor: z.string().optional() });

  it('answers what the schema makes of it', () => {
    expect(parseRequest(query, 'query', { limit: '20' })).toEqual({ limit: 20 });
  });

  it('names every wrong field and the first one as such', () => {
    const problem = (() => {
      try {
        return parseRequest(query, 'query', { limit: '999', cursor: 7 });
      } catch (error) {
        return error as Problem;
      }
    })() as Problem;
    expect(problem.body('/v1/tickets')).toMatchObject({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      instance: '/v1/tickets',
      field: 'query.limit',
      fix: 'Correct query.limit, query.cursor.',
      errors: [{ field: 'query.limit' }, { field: 'query.cursor' }],
    });
  });
});

describe('toProblem', () => {
  it('keeps a problem as it is', () => {
    const problem = new Problem(409, { title: 'Conflict', detail: 'stale' });
    expect(toProblem(problem, request)).toBe(problem);
  });

  it('says which route is missing', () => {
    expect(toProblem(new NotFoundException(), request).body()).toMatchObject({
      status: 404,
      detail: 'There is no GET /v1/tickets.',
      field: 'path',
    });
  });

  it.each([
    [new ForbiddenException('no'), 403, 'no'],
    [new PayloadTooLargeException('too large'), 413, 'too large'],
    [
      Object.assign(new Error('Unsupported Media Type'), { statusCode: 415, code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' }),
      415,
      'Unsupported Media Type',
    ],
    [Object.assign(new SyntaxError('Unexpected token'), { statusCode: 400 }), 400, 'Unexpected token'],
  ])('passes on what the caller did wrong: %p', (error, status, detail) => {
    expect(toProblem(error, request).body()).toMatchObject({ status, detail });
  });

  it.each([
    new Error('password=hunter2'),
    Object.assign(new Error('password=hunter2'), { statusCode: 404 }),
    z.object({ a: z.string() }).safeParse({}).error,
    'password=hunter2',
    undefined,
  ])('tells nothing of the inside: %p', (error) => {
    const problem = toProblem(error, request);
    expect(problem.status).toBe(500);
    expect(JSON.stringify(problem.body())).not.toContain('hunter2');
  });
});
