import { Measurement } from '@onceline/service-kit';
import type { Retention } from '../privacy/keep-retention.js';
import { botPolicy, STANDARD_POLICY, type BotAssignment, type BotPolicy } from './bot-policy.js';
import type { PolicyStore } from './policy.store.js';

/** A change holds in every instance after this time, at most. */
const READ_EVERY_MS = 2000;

/** The policies that hold here. Kept in memory, since every update asks. */
export class Policies {
  private byBot: ReadonlyMap<string, BotPolicy> = new Map();
  private readonly reading: Measurement;

  constructor(
    private readonly store: Pick<PolicyStore, 'readAll'>,
    onFailure: (error: unknown) => void,
  ) {
    this.reading = new Measurement({
      work: 'policies',
      everyMs: READ_EVERY_MS,
      measure: () => this.load(),
      // Old ones are better than none.
      forget: () => undefined,
      onFailure,
    });
  }

  of(botId: string): BotPolicy {
    return this.byBot.get(botId) ?? STANDARD_POLICY;
  }

  /** That have one of their own. */
  bots(): readonly string[] {
    return [...this.byBot.keys()];
  }

  /** Of the bots whose tickets are given to agents. */
  assignments(): readonly BotAssignment[] {
    return [...this.byBot].flatMap(([botId, { assignment }]) => (assignment ? [{ botId, ...assignment }] : []));
  }

  /** Of the bots that keep texts and names for a time only. */
  retentions(): readonly Retention[] {
    return [...this.byBot].flatMap(([botId, { keepTextsMs: keepMs }]) => (keepMs === null ? [] : [{ botId, keepMs }]));
  }

  async load(): Promise<void> {
    const policies = await this.store.readAll();
    this.byBot = new Map(
      policies.map(({ botId, document, migratedFrom }) => [botId, botPolicy(document, migratedFrom)]),
    );
  }

  /** From the first update on they hold. @throws what the database throws */
  async start(): Promise<void> {
    await this.load();
    this.reading.start();
  }

  stop(): Promise<void> {
    return this.reading.stop();
  }
}
