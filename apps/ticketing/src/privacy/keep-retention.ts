import type { WithSession } from '../store/session.js';
import { eraseOlder } from './erase.js';

/** A bot that keeps what people write for a time only. */
export interface Retention {
  readonly botId: string;
  /** Milliseconds from when a key seals nothing more to its end. */
  readonly keepMs: number;
}

export interface RetentionOptions {
  readonly withSession: WithSession;
  readonly bots: () => readonly Retention[];
  readonly now?: () => number;
}

/** Destroys keys that are older than their bot keeps them, in any number of instances. */
export class KeepRetention {
  constructor(private readonly options: RetentionOptions) {}

  /** Answers the number of keys. */
  async run(): Promise<number> {
    const { withSession, bots, now = Date.now } = this.options;
    let erased = 0;
    for (const { botId, keepMs } of bots()) {
      for (;;) {
        const count = await eraseOlder(withSession, botId, new Date(now() - keepMs));
        erased += count;
        if (count === 0) break;
      }
    }
    return erased;
  }
}
