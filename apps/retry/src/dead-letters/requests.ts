import type { ApiToken } from '@onceline/service-kit';
import { actorOf } from './actor.js';
import type { PostRequest } from './idempotent-requests.js';

/** Who asks for what, and under which key. */
export class Requests {
  constructor(private readonly tokens: readonly ApiToken[]) {}

  of(route: string, headers: Readonly<Record<string, string | undefined>>, body: unknown): PostRequest {
    return { key: headers['idempotency-key'], actor: actorOf(headers['authorization'], this.tokens), route, body };
  }
}
