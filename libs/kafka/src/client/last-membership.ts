/**
 * Takes a dead membership out of its group. After a crash kafkajs joins as somebody new, and the coordinator, which knows nothing of
 * the crash, makes the group wait for the one that will never come back, until its session times out.
 */
import { errorTypes } from './client-errors.js';

/** The last member id of one consumer, through all its restarts. */
export class LastMembership {
  private memberId: string | undefined;
  private dead: string | undefined;

  /** `leave` must not share the consumer's connection: there it would queue behind the very join that waits for it. */
  constructor(private readonly leave: (memberId: string) => Promise<void>) {}

  joined(memberId: string): void {
    this.memberId = memberId;
  }

  ended(): void {
    this.dead = this.memberId ?? this.dead;
    this.memberId = undefined;
  }

  /** Connected again: leaves for the dead one. When that fails the session time-out does it, later. */
  async leaveForTheDead(): Promise<void> {
    const memberId = this.dead;
    if (memberId === undefined) return;
    this.dead = undefined;
    try {
      await this.leave(memberId);
    } catch (error) {
      // It had left in time, or its session ran out.
      if (!errorTypes(error).includes('UNKNOWN_MEMBER_ID')) throw error;
    }
  }
}
