import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { roleOf, type ApiToken } from './api-tokens.js';
import { Problem } from './problem.js';
import { isAllowed, requiredRole, type Role } from './roles.js';

const CHALLENGE = 'Bearer realm="onceline"';

/** Asks every HTTP route for `Authorization: Bearer <token>`; {@link Roles} says which role. Use: `{ provide: APP_GUARD, useValue: new BearerGuard(config.API_TOKENS) }`. */
@Injectable()
export class BearerGuard implements CanActivate {
  constructor(private readonly tokens: readonly ApiToken[]) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const asked = requiredRole(context.getHandler(), context.getClass());
    if (asked === 'anyone') return true;
    const request = context.switchToHttp().getRequest<{ headers: { authorization?: string } }>();
    authorize(request.headers.authorization, this.tokens, asked);
    return true;
  }
}

/** Answers the holder's role, or throws the {@link Problem} 401 (no or unknown token) or 403 (role too weak). */
export function authorize(authorization: string | undefined, tokens: readonly ApiToken[], asked: Role): Role {
  const token = /^Bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) throw unauthorized(CHALLENGE, 'The request carries no bearer token.');
  const held = roleOf(token, tokens);
  if (held === undefined) throw unauthorized(`${CHALLENGE}, error="invalid_token"`, 'The bearer token is not known.');
  if (isAllowed(held, asked)) return held;
  throw new Problem(403, {
    title: 'Forbidden',
    detail: `This needs the role ${asked}; the token has the role ${held}.`,
    fix: `Use a token with the role ${asked}.`,
    headers: { 'www-authenticate': `${CHALLENGE}, error="insufficient_scope"` },
  });
}

function unauthorized(challenge: string, detail: string): Problem {
  return new Problem(401, {
    title: 'Unauthorized',
    detail,
    field: 'Authorization',
    fix: 'Send "Authorization: Bearer <token>" with a token of this service.',
    headers: { 'www-authenticate': challenge },
  });
}
