import type { WebhookConfig } from '../../config.js';
import type { BotApi } from '../bot-api.js';
import type { ManagedBot } from '../managed-bots.js';
import { patiently } from '../patiently.js';
import type { Order } from './arguments.js';

/** What a command works with. */
export interface CommandParts {
  readonly order: Order;
  readonly config: WebhookConfig;
  /** Those that were asked for. */
  readonly bots: readonly ManagedBot[];
  readonly api: (bot: ManagedBot) => BotApi;
  readonly print: (line: string) => void;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A command's last line, without its name in front, and whether it is good. */
export interface Result {
  readonly line: string;
  readonly good: boolean;
}

/** For calls that a person waits for. */
export function insist<T>({ signal }: CommandParts, call: () => Promise<T>): Promise<T> {
  return patiently(call, { tries: 5, longestWaitMs: 60_000, signal });
}
