import fc from 'fast-check';
import { z } from 'zod';
import { apiTokensSetting, hashToken, roleOf } from './api-tokens.js';
import { authorize } from './bearer-guard.js';
import { Problem } from './problem.js';
import { isAllowed, requiredRole, Roles, ROLES, type Role } from './roles.js';

const setting = ROLES.map((role) => `${role}:${hashToken(`the-${role}`)}`).join(',');
const tokens = apiTokensSetting.parse(setting);

function problemOf(run: () => unknown): Problem {
  try {
    run();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('API_TOKENS', () => {
  it('is a list of role and hash', () => {
    expect(tokens.map(({ role, sha256 }) => `${role}:${sha256.toString('hex')}`).join(',')).toBe(setting);
  });

  it.each(['', 'owner:' + 'a'.repeat(64), 'admin:abc', 'admin', `admin:${'g'.repeat(64)}`, setting + ','])(
    'refuses %p',
    (text) => {
      expect(z.safeParse(apiTokensSetting, text).success).toBe(false);
    },
  );

  it('gives the strongest role when a token is listed twice', () => {
    const twice = apiTokensSetting.parse(`admin:${hashToken('t')},viewer:${hashToken('t')}`);
    expect(roleOf('t', twice)).toBe('admin');
  });

  it('knows no other token', () => {
    fc.assert(
      fc.property(fc.string(), (token) => {
        fc.pre(!ROLES.some((role) => token === `the-${role}`));
        expect(roleOf(token, tokens)).toBeUndefined();
      }),
    );
  });
});

describe('authorize', () => {
  it('lets a role do what a weaker one may, and nothing more', () => {
    const role = fc.constantFrom(...ROLES);
    fc.assert(
      fc.property(role, role, (held: Role, asked: Role) => {
        const run = () => authorize(`Bearer the-${held}`, tokens, asked);
        if (isAllowed(held, asked)) expect(run()).toBe(held);
        else expect(problemOf(run).status).toBe(403);
      }),
    );
    expect(ROLES.map((held) => ROLES.filter((asked) => isAllowed(held, asked)))).toEqual([
      ['viewer'],
      ['viewer', 'agent'],
      ['viewer', 'agent', 'admin'],
    ]);
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic dGhlLWFkbWlu', 'the-admin'])(
    'asks for a token when there is %p',
    (header) => {
      const problem = problemOf(() => authorize(header, tokens, 'viewer'));
      expect(problem.status).toBe(401);
      expect(problem.details.headers).toEqual({ 'www-authenticate': 'Bearer realm="onceline"' });
    },
  );

  it('tells an unknown token from a missing one and from a weak one', () => {
    expect(problemOf(() => authorize('bearer nobody', tokens, 'viewer'))).toMatchObject({
      status: 401,
      details: { headers: { 'www-authenticate': 'Bearer realm="onceline", error="invalid_token"' } },
    });
    expect(problemOf(() => authorize('Bearer the-viewer', tokens, 'admin'))).toMatchObject({
      status: 403,
      details: { headers: { 'www-authenticate': 'Bearer realm="onceline", error="insufficient_scope"' } },
    });
  });
});

describe('requiredRole', () => {
  class Silent {
    route() {}
  }
  class Spoken {
    route() {}
    open() {}
  }
  const method = (controller: { prototype: object }, name: string) =>
    Object.getOwnPropertyDescriptor(controller.prototype, name) as TypedPropertyDescriptor<() => void> & {
      value: object;
    };
  Roles('viewer')(Spoken);
  Roles('anyone')(Spoken.prototype, 'open', method(Spoken, 'open'));

  it('takes the route before the controller, and the strongest role when both are silent', () => {
    expect(requiredRole(method(Spoken, 'open').value, Spoken)).toBe('anyone');
    expect(requiredRole(method(Spoken, 'route').value, Spoken)).toBe('viewer');
    expect(requiredRole(method(Silent, 'route').value, Silent)).toBe('admin');
  });
});
