import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from './logger.js';
import { Problem, statusTitle } from './problem.js';

/** Answers every error as problem+json. What is not the caller's fault is logged and answered without its inside. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const path = request.url.split('?', 1)[0] ?? '/';
    const problem = toProblem(error, { method: request.method, path });
    if (problem.status >= 500) this.logger.error({ err: error, method: request.method, path }, 'request failed');
    if (!reply.sent) sendProblem(reply, problem, path);
  }
}

/** Writes the answer (RFC 9457). */
export function sendProblem(reply: FastifyReply, problem: Problem, path: string): void {
  void reply
    .status(problem.status)
    .headers({ ...problem.details.headers })
    .type('application/problem+json')
    .send(JSON.stringify(problem.body(path)));
}

/** The problem that stands for any thrown value. Only messages meant for the caller get out. */
export function toProblem(error: unknown, request: { method: string; path: string }): Problem {
  if (error instanceof Problem) return error;
  const status = statusOf(error);
  if (status === 404 && error instanceof HttpException) return notFound(request);
  if (status >= 500) {
    const detail = status === 503 ? 'The service cannot answer now.' : 'The service failed; its log says why.';
    return new Problem(status, { title: statusTitle(status), detail, fix: 'Try again later.' });
  }
  return new Problem(status, { title: statusTitle(status), detail: (error as Error).message });
}

/** Nest's own 404 says the same for an unknown route as for a missing thing; a missing thing is thrown as a Problem. */
function notFound({ method, path }: { method: string; path: string }): Problem {
  return new Problem(404, {
    title: statusTitle(404),
    detail: `There is no ${method} ${path}.`,
    field: 'path',
    fix: 'Check the method and the path.',
  });
}

/** Fastify marks its errors with `statusCode` and a code that starts with FST_; an alien error's numbers are not believed. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  if (!(error instanceof Error)) return 500;
  const { statusCode, code } = error as { statusCode?: unknown; code?: unknown };
  const isFastify = typeof code === 'string' && code.startsWith('FST_');
  const isBadJson = error instanceof SyntaxError && statusCode === 400;
  return (isFastify || isBadJson) && typeof statusCode === 'number' ? statusCode : 500;
}
