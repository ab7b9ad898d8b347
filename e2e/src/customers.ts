import { idempotencyKey, isMalformed, parseUpdate } from '@onceline/contracts';
import { messageUpdate } from '@onceline/testing';
import { timeToLedger, type System } from '@onceline/tools';

const FIRST_CHAT = 600_000_000;
const FIRST_UPDATE = 300_000_000;

/** How long a message took from the moment at which it was due to be sent until its row was committed. */
export interface Timed {
  readonly customer: number;
  readonly ms: number;
}

/** Customers, numbered from 0, who write to the first bot in chats of their own. */
export class Customers {
  private written = 0;
  private readonly keys = new Map<number, string[]>();

  constructor(private readonly system: System) {}

  /** What tells this customer's conversation from others. */
  conversationOf(customer: number): string {
    return `${this.bot}:${FIRST_CHAT + customer}`;
  }

  /** Keys of all that a customer has written, in order. */
  keysOf(customer: number): readonly string[] {
    return this.keys.get(customer) ?? [];
  }

  /** The texts of them. */
  textsOf(customer: number): readonly string[] {
    return this.keysOf(customer).map((_, index) => textOf(customer, index));
  }

  /** Each of them writes once, in this order and at this pace, whatever becomes of earlier messages. */
  async write(customers: readonly number[], perSecond: number): Promise<Timed[]> {
    const update = (n: number) => this.next(customers[n] ?? 0);
    const times = await timeToLedger(this.system.access(), { perSecond, count: customers.length, update });
    return times.map((ms, n) => ({ customer: customers[n] ?? 0, ms }));
  }

  private get bot(): string {
    return this.system.access().bots[0]?.id ?? '';
  }

  private next(customer: number): Buffer {
    const mine = this.keys.get(customer) ?? [];
    const number = this.written++;
    const bytes = messageUpdate({
      updateId: FIRST_UPDATE + number,
      chatId: FIRST_CHAT + customer,
      messageId: number + 1,
      text: textOf(customer, mine.length),
    });
    const update = parseUpdate(bytes);
    if (isMalformed(update)) throw new Error(update.malformed);
    this.keys.set(customer, [...mine, idempotencyKey(this.bot, update)]);
    return bytes;
  }
}

function textOf(customer: number, index: number): string {
  return `${customer}: ${index}`;
}
