/** A ticket's story, told by what happens in it and made of real decisions; minutes count from noon of a day in January. */
import type { TicketChanges } from '../ticket/commands.js';
import { decide } from '../ticket/decide.js';
import { decideForAgent } from '../ticket/decide-for-agent.js';
import { decideForTimer } from '../ticket/decide-for-timer.js';
import type { TicketEvent } from '../ticket/events.js';
import { evolve } from '../ticket/evolve.js';
import { message } from '../ticket/fixtures.spec.js';
import { NO_TICKET, type TicketState } from '../ticket/state.js';
import type { SlaDocument } from './sla-document.js';
import { slaPolicy, type SlaPolicy } from './sla-policy.js';
import { followClocks, type TicketClocks } from './ticket-clocks.js';

export const NOON = Date.UTC(2026, 0, 1, 12);
export const MINUTE = 60_000;
export const minute = (minutes: number) => NOON + minutes * MINUTE;
const iso = (minutes: number) => new Date(minute(minutes)).toISOString();

export class Story {
  readonly events: TicketEvent[] = [];
  private state: TicketState = NO_TICKET;
  private count = 0;

  constructor(private readonly newTicketId = 't_1') {}

  /** Written at one minute, and seen by us at another one. */
  customer(at: number, seen = at, text = 'Where is it?'): this {
    return this.add(decide(message({ ...this.next(seen), ...this.place, text, sentAt: iso(at) }), this.state));
  }

  staff(at: number, seen = at): this {
    const sender = { id: '77', name: 'Bob', username: null };
    const content = { text: 'On its way', attachments: [], mediaGroupId: null, isNote: false, editedAt: null };
    const place = { botId: '7', chatId: '42', topicId: null, conversation: '7:42', answers: null } as const;
    const command = { type: 'record-staff-message', ...place, ...content, sender, sentAt: iso(at) } as const;
    return this.add(decide({ ...command, ...this.next(seen), matchedBy: 'only-active-ticket' }, this.state));
  }

  agent(at: number, changes: TicketChanges): this {
    if (this.state.status === 'none') return this;
    const { idempotencyKey, occurredAt } = this.next(at);
    const command = { type: 'change-ticket', idempotencyKey, by: 'ada', changes, occurredAt } as const;
    const decision = decideForAgent(command, this.state);
    return 'events' in decision ? this.add(decision.events) : this;
  }

  wake(at: number): this {
    if (this.state.status === 'none') return this;
    return this.add(decideForTimer({ timer: 'wake', occurredAt: iso(at), closeAfterMs: null }, this.state));
  }

  note(at: number): this {
    if (this.state.status === 'none') return this;
    const { idempotencyKey, occurredAt } = this.next(at);
    const decision = decideForAgent(
      { type: 'add-note', idempotencyKey, by: 'ada', text: 'hm', occurredAt },
      this.state,
    );
    return 'events' in decision ? this.add(decision.events) : this;
  }

  add(events: readonly TicketEvent[]): this {
    this.events.push(...events);
    this.state = events.reduce(evolve, this.state);
    return this;
  }

  clocks(): TicketClocks {
    const clocks = followClocks(undefined, this.events);
    if (!clocks) throw new Error('there is no ticket yet');
    return clocks;
  }

  ticket() {
    if (this.state.status === 'none') throw new Error('there is no ticket yet');
    return this.state;
  }

  private get place() {
    const { newTicketId } = this;
    return { newTicketId, conversation: `7:${newTicketId}` };
  }

  private next(at: number) {
    this.count += 1;
    return { idempotencyKey: `k${this.count}`, messageId: this.count, occurredAt: iso(at) };
  }
}

/** Ten minutes for the first answer, five for each further one, an hour until all is done. */
export function promised(changes: Partial<SlaDocument> = {}): SlaPolicy {
  const minutes = { firstResponseMinutes: 10, nextResponseMinutes: 5, resolutionMinutes: 60 };
  return slaPolicy(1, {
    ...{ businessHours: null, targets: [minutes], pauseWhile: ['pending'], warnAtPercent: 80, appliesFrom: 'always' },
    ...changes,
  });
}
