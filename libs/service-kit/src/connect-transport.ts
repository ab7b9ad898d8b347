import { Catch, type INestApplication, type RpcExceptionFilter } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { CustomTransportStrategy, NestMicroservice } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';
import { KafkaTransport } from './kafka-transport.js';
import { StartRefused } from './start-refused.js';

/** Nest's own filter replaces an error by "Internal server error"; the type of an error says what to do, so it is kept. */
@Catch()
class PassThroughFilter implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/** Binds the application's `@EventPattern` handlers to a transport; `app.startAllMicroservices()` then starts it. */
export function connectTransport(app: INestApplication, transport: CustomTransportStrategy): void {
  refuseRequestScope(app);
  const microservice = app.connectMicroservice(
    { strategy: transport },
    { deferInitialization: true },
  ) as unknown as NestMicroservice;
  microservice.useGlobalFilters(new PassThroughFilter());
  // The filter must be known before the handlers are bound; the application runs the lifecycle hooks itself.
  microservice.registerListeners();
  microservice.setIsInitialized(true);
  microservice.setIsInitHookCalled(true);
  if (transport instanceof KafkaTransport) transport.refuseHalfWired();
}

const PATTERN_METADATA = 'microservices:pattern';

/** A request-scoped controller would be built anew for each batch, and its state with it. */
function refuseRequestScope(app: INestApplication): void {
  for (const module of app.get(ModulesContainer).values()) {
    for (const wrapper of module.controllers.values()) {
      if (wrapper.isDependencyTreeStatic() || !hasPattern(wrapper.metatype)) continue;
      throw new StartRefused(
        `${wrapper.name} handles records but is request-scoped: give it and what it needs default scope.`,
      );
    }
  }
}

function hasPattern(controller: unknown): boolean {
  if (typeof controller !== 'function') return false;
  const prototype = controller.prototype as object;
  return Object.getOwnPropertyNames(prototype).some((name) => {
    const method = Object.getOwnPropertyDescriptor(prototype, name)?.value as unknown;
    return typeof method === 'function' && Reflect.hasMetadata(PATTERN_METADATA, method);
  });
}
