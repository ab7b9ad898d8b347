import { valuesMeantBy } from '../ticket/custom-fields.js';

/** Which tickets are wanted; what is left out does not matter. */
export interface TicketFilter {
  readonly bot?: string | undefined;
  readonly chat?: string | undefined;
  readonly conversation?: string | undefined;
  /** Of the user in Telegram, in whatever chats he wrote. */
  readonly customer?: string | undefined;
  /** Further accounts of that customer, each with its bot. */
  readonly furtherAccounts?: readonly { readonly botId: string; readonly customerId: string }[] | undefined;
  readonly status?: string | undefined;
  readonly priority?: string | undefined;
  /** An agent, or `nobody`. */
  readonly assignee?: string | undefined;
  readonly team?: string | undefined;
  readonly tag?: string | undefined;
  readonly watcher?: string | undefined;
  /** Custom fields, by name, and the value of each as one writes it. */
  readonly field?: readonly { readonly name: string; readonly text: string }[] | undefined;
}

/** Conditions on rows of `ticketing.tickets`, with their values. */
export class TicketConditions {
  readonly values: unknown[] = [];
  private readonly conditions: string[] = [];

  constructor({ bot, chat, tag, watcher, field = [], assignee, ...same }: TicketFilter) {
    const { customer, furtherAccounts, conversation, status, priority, team } = same;
    this.equal({ bot_id: bot, chat_id: chat, conversation, status, priority, team });
    if (customer !== undefined) this.add(this.isOf(customer, furtherAccounts));
    // As the indexes of tags and of watchers have it.
    if (tag !== undefined) this.add(`tags <> '[]' and tags @> ${this.value(JSON.stringify([tag]))}::jsonb`);
    if (watcher !== undefined)
      this.add(`watchers @> ${this.value(JSON.stringify([watcher]))}::jsonb and watchers <> '[]'`);
    for (const { name, text } of field) this.add(this.hasField(name, text));
    if (assignee === 'nobody') this.add('assignee is null');
    else this.equal({ assignee });
  }

  value(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  add(condition: string): this {
    this.conditions.push(condition);
    return this;
  }

  text(): string {
    return this.conditions.length === 0 ? 'true' : this.conditions.join(' and ');
  }

  private isOf(customer: string, further: TicketFilter['furtherAccounts'] = []): string {
    const accounts = further.map(
      ({ botId, customerId }) => `(bot_id = ${this.value(botId)} and customer_id = ${this.value(customerId)})`,
    );
    return `(${[`customer_id = ${this.value(customer)}`, ...accounts].join(' or ')})`;
  }

  /** As the index of fields has it. */
  private hasField(name: string, text: string): string {
    const meant = valuesMeantBy(text).map(
      (value) => `fields @> ${this.value(JSON.stringify({ [name]: value }))}::jsonb`,
    );
    return `fields <> '{}' and (${meant.join(' or ')})`;
  }

  private equal(columns: Readonly<Record<string, string | undefined>>): void {
    for (const [column, value] of Object.entries(columns)) {
      if (value !== undefined) this.add(`${column} = ${this.value(value)}`);
    }
  }
}

/** As the indexes of active tickets have it, so that they are used. */
export const IS_ACTIVE = `status in ('new', 'open', 'pending', 'snoozed')`;

/** What agents have to act on. */
export const IN_QUEUE = `status in ('new', 'open')`;

/** What waits for nobody comes last. */
export const WAITING_SINCE = `coalesce(waiting_since, 'infinity')`;

/** As the index has it: the most urgent first, among those who has waited longest. */
export const QUEUE_ORDER = `priority_rank desc, ${WAITING_SINCE}, ticket_id`;
