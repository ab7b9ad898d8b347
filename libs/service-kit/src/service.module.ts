import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DocsController, OPEN_API_DOCUMENT } from './docs.controller.js';
import { HealthController } from './health.controller.js';
import { HealthRegistry } from './health-registry.js';
import { MetricsController } from './metrics.controller.js';
import type { OpenApiDocument } from './open-api.js';

/** The root of every service: its own module plus health, metrics and docs. */
@Module({})
export class ServiceModule {
  static of(parts: { service: Type | DynamicModule; health: HealthRegistry; docs?: OpenApiDocument }): DynamicModule {
    const { service, health, docs } = parts;
    return {
      module: ServiceModule,
      // Terminus would log each refused readiness probe as an error; the answer itself says the reason.
      imports: [service, TerminusModule.forRoot({ logger: false })],
      controllers: [HealthController, MetricsController, ...(docs === undefined ? [] : [DocsController])],
      providers: [
        { provide: HealthRegistry, useValue: health },
        ...(docs === undefined ? [] : [{ provide: OPEN_API_DOCUMENT, useValue: docs }]),
      ],
    };
  }
}
