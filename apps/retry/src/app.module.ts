import { Module, type DynamicModule, type OnApplicationShutdown, type Provider, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { BearerGuard, type ApiToken } from '@onceline/service-kit';

/** What the service is wired from. */
export interface RetryParts {
  readonly tokens: readonly ApiToken[];
  readonly controllers: readonly Type[];
  readonly providers: readonly Provider[];
  /** Closes what the parts hold, once requests and batches in hand are done. */
  close(): Promise<void>;
}

@Module({})
export class RetryModule {
  static of(parts: RetryParts): DynamicModule {
    const lifetime: OnApplicationShutdown = { onApplicationShutdown: () => parts.close() };
    return {
      module: RetryModule,
      controllers: [...parts.controllers],
      providers: [
        { provide: APP_GUARD, useValue: new BearerGuard(parts.tokens) },
        ...parts.providers,
        { provide: 'lifetime', useValue: lifetime },
      ],
    };
  }
}
