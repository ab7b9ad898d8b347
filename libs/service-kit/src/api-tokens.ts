import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { ROLES, type Role } from './roles.js';

/** A token as it is stored: its hash and what its holder may do. */
export interface ApiToken {
  readonly role: Role;
  readonly sha256: Buffer;
  /** Of the person or program that holds it. */
  readonly name?: string;
}

const TOKEN = new RegExp(`^(${ROLES.join('|')}):([0-9a-fA-F]{64})(:[a-z0-9][a-z0-9._-]{0,63})?$`);

/** Setting `API_TOKENS`: `role:sha256hex[:name][,role:sha256hex[:name]…]`. Read it with `secrets: ['API_TOKENS']`. */
export const apiTokensSetting: z.ZodType<readonly ApiToken[]> = z
  .string()
  .transform((text) => text.split(',').map((part) => part.trim()))
  .pipe(
    z
      .array(
        z.string().regex(TOKEN, `must be role:sha256hex or role:sha256hex:name, with a role of ${ROLES.join(', ')}`),
      )
      .min(1),
  )
  .transform((tokens) => tokens.map(toToken))
  .describe(
    'a comma-separated list of role:sha256hex or role:sha256hex:name, where sha256hex is the SHA-256 of the token in 64 hexadecimal digits, and name says in histories who holds it',
  );

function toToken(text: string): ApiToken {
  const [role, hex, name] = text.split(':') as [Role, string, string?];
  return { role, sha256: Buffer.from(hex, 'hex'), ...(name === undefined ? {} : { name }) };
}

/** The SHA-256 of a token, as it stands in `API_TOKENS`. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The strongest role the token has, or undefined. Every stored hash is compared, so that the time tells nothing. */
export function roleOf(token: string, tokens: readonly ApiToken[]): Role | undefined {
  const presented = createHash('sha256').update(token).digest();
  let strongest: Role | undefined;
  for (const { role, sha256 } of tokens) {
    const matches = timingSafeEqual(presented, sha256);
    if (matches && (strongest === undefined || ROLES.indexOf(role) > ROLES.indexOf(strongest))) strongest = role;
  }
  return strongest;
}
