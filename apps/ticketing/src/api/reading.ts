import type { Vault } from '../privacy/vault.js';
import type { WithSession } from '../store/session.js';

/** What reading takes: the database, and what opens what is sealed in it. */
export interface Reading {
  readonly withSession: WithSession;
  readonly vault: Vault;
}
