import { Controller, Get, Inject, Res, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { Roles } from './roles.js';
import { HealthRegistry } from './health-registry.js';

/** A check that hangs is a check that fails. */
const CHECK_TIMEOUT_MS = 2000;

/** /health/live and /health/ready: 200 or 503, with the reason of each failed check; 200 and `degraded` for what works all the same. */
@Controller('health')
@Roles('anyone')
export class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly terminus: HealthCheckService,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
    @Inject(HealthRegistry) private readonly registry: HealthRegistry,
  ) {}

  @Get('live')
  live(@Res() reply: FastifyReply): Promise<void> {
    return this.answer('liveness', reply);
  }

  @Get('ready')
  ready(@Res() reply: FastifyReply): Promise<void> {
    return this.answer('readiness', reply);
  }

  private async answer(kind: 'liveness' | 'readiness', reply: FastifyReply): Promise<void> {
    const { status, body } = await this.check(kind);
    const state = kind === 'readiness' && this.registry.isShuttingDown() ? { ...body, status: 'shutting_down' } : body;
    await reply.status(status).header('cache-control', 'no-store').send(state);
  }

  private async check(kind: 'liveness' | 'readiness'): Promise<{ status: number; body: object }> {
    const attempts = [...this.registry.checks(kind)].map(([name, check]) =>
      this.indicators
        .check(name)
        .attempt(async () => {
          const reason = await check();
          if (reason !== undefined) throw new Error(reason);
        })
        .withTimeout(CHECK_TIMEOUT_MS),
    );
    const degradations = kind === 'readiness' ? [...this.registry.degradations()] : [];
    const impairments = degradations.map(([name, check]) => () => {
      const indicator = this.indicators.check(name);
      const reason = check();
      return reason === undefined ? indicator.up() : indicator.degraded(reason);
    });
    try {
      return { status: 200, body: await this.terminus.check([...attempts, ...impairments]) };
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      return { status: 503, body: error.getResponse() as object };
    }
  }
}
