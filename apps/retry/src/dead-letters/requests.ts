import { idempotentRequest, type ApiToken, type IdempotentRequest } from '@onceline/service-kit';

/** Who asks for what, and under which key. */
export class Requests {
  constructor(private readonly tokens: readonly ApiToken[]) {}

  of(route: string, headers: Readonly<Record<string, string | undefined>>, body: unknown): IdempotentRequest {
    return idempotentRequest(this.tokens, route, { headers, body });
  }
}
