import { createServer, request as httpRequest } from 'node:http';
import { Body, Controller, Get, Module, Param, Post } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { eventually } from '@onceline/testing';
import { z } from 'zod';
import { apiTokensSetting, hashToken } from './api-tokens.js';
import { BearerGuard } from './bearer-guard.js';
import { openApi } from './open-api.js';
import { parseRequest, Problem } from './problem.js';
import { Roles } from './roles.js';
import { runService, type RunningService, type ServiceOptions } from './run-service.js';

const config = { PORT: 0, HOST: '127.0.0.1', LOG_LEVEL: 'silent', SHUTDOWN_TIMEOUT_MS: 5000 };
const tokens = apiTokensSetting.parse(`viewer:${hashToken('v')},agent:${hashToken('a')}`);
const docs = openApi({ title: 'Spec', version: '1' }, [
  { method: 'get', path: '/things/{id}', summary: 'One', role: 'viewer', responses: { 200: { description: 'it' } } },
]);

@Controller('things')
class Things {
  @Get(':id')
  @Roles('viewer')
  one(@Param('id') id: string): object {
    if (id === 'bug') throw new Error('password=hunter2');
    if (id !== '1') throw new Problem(404, { title: 'Not Found', detail: `There is no thing ${id}.`, field: 'id' });
    return { id };
  }

  @Post()
  @Roles('agent')
  add(@Body() body: unknown): object {
    return parseRequest(z.object({ name: z.string().min(1) }), 'body', body);
  }

  @Get()
  silent(): object {
    return {};
  }
}

class SpecModule {}
Module({})(SpecModule);

let service: RunningService | undefined;
afterEach(async () => {
  await service?.stop();
  service = undefined;
});

async function start(options: Partial<ServiceOptions> = {}): Promise<string> {
  service = await runService({
    name: 'spec',
    config,
    docs,
    module: () => ({
      module: SpecModule,
      controllers: [Things],
      providers: [{ provide: APP_GUARD, useValue: new BearerGuard(tokens) }],
    }),
    exit: () => undefined,
    ...options,
  });
  return service.url;
}

const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

describe('the HTTP API of a service', () => {
  it('asks for a token of the role, except on health, metrics and docs', async () => {
    const url = await start();
    const open = ['/health/live', '/health/ready', '/metrics', '/docs', '/docs/openapi.json'];
    expect(await Promise.all(open.map(async (path) => (await fetch(url + path)).status))).toEqual(open.map(() => 200));
    const refused = await fetch(`${url}/things/1`);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="onceline"');
    expect(refused.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await refused.json()).toMatchObject({ type: 'about:blank', status: 401, field: 'Authorization' });
    expect(await (await fetch(`${url}/things/1`, as('v'))).json()).toEqual({ id: '1' });
    expect((await fetch(`${url}/things`, { method: 'POST', ...as('v') })).status).toBe(403);
    expect((await fetch(`${url}/things`, as('a'))).status).toBe(403);
  });

  it('answers every error as a problem', async () => {
    const url = await start();
    const post = async (body: string, type = 'application/json') => {
      const headers = { 'content-type': type, ...as('a').headers };
      const answer = await fetch(`${url}/things`, { method: 'POST', body, headers });
      return [answer.status, answer.headers.get('content-type'), await answer.json()];
    };
    const problem = 'application/problem+json; charset=utf-8';
    expect(await post('{"name":""}')).toMatchObject([400, problem, { field: 'body.name', fix: 'Correct body.name.' }]);
    expect(await post('{"name":')).toMatchObject([400, problem, { status: 400 }]);
    expect(await post('<a/>', 'application/xml')).toMatchObject([415, problem, { status: 415 }]);
    expect(await post(`{"name":"${'x'.repeat(2 ** 20)}"}`)).toMatchObject([413, problem, { status: 413 }]);
    const get = async (path: string) => (await fetch(url + path, as('v'))).json();
    expect(await get('/things/2')).toMatchObject({
      status: 404,
      detail: 'There is no thing 2.',
      instance: '/things/2',
    });
    const long = 'x'.repeat(400);
    expect(await get(`/things/${long}`)).toMatchObject({ status: 404, detail: `There is no thing ${long}.` });
    expect(await get(`/things/${'x'.repeat(600)}`)).toMatchObject({ status: 414, field: 'path' });
    expect(await get('/nowhere')).toMatchObject({ status: 404, detail: 'There is no GET /nowhere.' });
    const bug = await get('/things/bug');
    expect(bug).toMatchObject({ status: 500 });
    expect(JSON.stringify(bug)).not.toContain('hunter2');
  });

  it('serves the document and a page of it', async () => {
    const url = await start();
    expect(await (await fetch(`${url}/docs/openapi.json`)).json()).toEqual(JSON.parse(JSON.stringify(docs)));
    const page = await fetch(`${url}/docs`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(await page.text()).toContain('<code>/things/{id}</code>');
  });

  it('says on readiness what is wrong, and that it shuts down', async () => {
    let reason: string | undefined = 'the cellar is flooded';
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const url = await start({
      module: ({ health }) => {
        health.readiness('cellar', () => reason);
        return SpecModule;
      },
      beforeClose: [() => held],
    });
    const ready = async () => {
      const answer = await fetch(`${url}/health/ready`);
      return [answer.status, await answer.json()];
    };
    expect(await ready()).toMatchObject([503, { status: 'error', error: { cellar: { message: reason } } }]);
    reason = undefined;
    expect(await ready()).toMatchObject([200, { status: 'ok' }]);
    const stopped = service?.stop();
    expect(await ready()).toMatchObject([503, { status: 'shutting_down' }]);
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    letGo();
    await stopped;
    await expect(fetch(url)).rejects.toThrow();
  });

  it('fails liveness and ends with 1 on fatal, once', async () => {
    const codes: number[] = [];
    let fatal: (error: unknown) => void = () => undefined;
    const url = await start({
      module: (kit) => {
        fatal = kit.fatal;
        return SpecModule;
      },
      exit: (code) => void codes.push(code),
    });
    fatal(new Error('fenced'));
    fatal(new Error('again'));
    const live = await fetch(`${url}/health/live`);
    expect([live.status, await live.json()]).toMatchObject([503, { error: { fatal: { message: 'fenced' } } }]);
    await eventually(() => codes.length > 0);
    expect(codes).toEqual([1]);
  });

  it('lets the service make the HTTP server', async () => {
    const url = await start({
      serverFactory: (handler, app) =>
        createServer({ requestTimeout: 1234 }, (request, response) => {
          if (request.url !== '/door') return handler(request, response);
          response.end(String(app().get(Things) instanceof Things));
        }),
    });
    expect(await (await fetch(`${url}/door`)).text()).toBe('true');
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
  });

  it('is not held up by a connection that was answered during the stop', async () => {
    const url = await start({
      config: { ...config, SHUTDOWN_TIMEOUT_MS: 60_000 },
      beforeClose: [() => new Promise((resolve) => setTimeout(resolve, 100))],
    });
    await fetch(`${url}/health/live`);
    const began = performance.now();
    const stopped = service?.stop();
    const connection = await new Promise<string | undefined>((resolve, reject) => {
      httpRequest(`${url}/health/live`, { headers: { connection: 'keep-alive' } }, (answer) => {
        answer.resume();
        resolve(answer.headers.connection);
      })
        .on('error', reject)
        .end();
    });
    expect(connection).toBe('close');
    await stopped;
    // Fastify keeps an idle connection for 72 s.
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});
