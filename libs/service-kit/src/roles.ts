import 'reflect-metadata';
import { SetMetadata } from '@nestjs/common';

/** Roles of API tokens, weakest first: each may do what the one before it may. */
export const ROLES = ['viewer', 'agent', 'admin'] as const;

/** One of {@link ROLES}. */
export type Role = (typeof ROLES)[number];

const ROLE_METADATA = 'onceline:role';

/** Says which role a route (or every route of a controller) asks for at least; `anyone` needs no token. A route that says nothing asks for `admin`. */
export function Roles(role: Role | 'anyone'): MethodDecorator & ClassDecorator {
  return SetMetadata(ROLE_METADATA, role);
}

/** The role a route asks for: its own, else its controller's, else the strongest. */
export function requiredRole(handler: object, controller: object): Role | 'anyone' {
  const own = Reflect.getMetadata(ROLE_METADATA, handler) as Role | 'anyone' | undefined;
  return own ?? (Reflect.getMetadata(ROLE_METADATA, controller) as Role | 'anyone' | undefined) ?? 'admin';
}

/** Whether a holder of `held` may do what asks for `asked`. */
export function isAllowed(held: Role, asked: Role): boolean {
  return ROLES.indexOf(held) >= ROLES.indexOf(asked);
}
