import { KafkaError } from '@onceline/kafka';

/** What the health of the broker needs of the rest. */
export interface BrokerHealthParts {
  /** Rejects, in bounded time, when the topics cannot be written to. */
  readonly probe: () => Promise<void>;
  /** The broker is there and lets this process in no more: a new one reads certificates and passwords anew. */
  readonly onRefused: (error: Error) => void;
  readonly now?: () => number;
}

/** A broker that restarts may refuse for a moment. */
const REFUSED_FOR_MS = 60_000;

/** What the readiness check says of the broker. It asks the broker only after a failed produce: a healthy one is not bothered. */
export class BrokerHealth {
  #failing: { readonly since: number; readonly cause: string } | undefined;
  #refusedSince: number | undefined;

  constructor(private readonly parts: BrokerHealthParts) {}

  stored(): void {
    this.#failing = undefined;
    this.#refusedSince = undefined;
  }

  failed(cause: string): void {
    this.#failing ??= { since: this.#now(), cause };
  }

  /** From a produce that failed until one succeeds or a check finds the topics there. */
  get isFailing(): boolean {
    return this.#failing !== undefined;
  }

  /** The reason for being unready. Recovery needs no webhook traffic, which an unready process does not get. */
  async check(): Promise<string | undefined> {
    if (!this.#failing) return undefined;
    try {
      await this.parts.probe();
      this.stored();
      return undefined;
    } catch (error) {
      const { since, cause } = this.#failing ?? { since: this.#now(), cause: String(error) };
      this.#heed(error);
      return `the broker has not acknowledged since ${new Date(since).toISOString()} (${cause})`;
    }
  }

  #heed(error: unknown): void {
    if (!isRefusal(error)) {
      this.#refusedSince = undefined;
      return;
    }
    this.#refusedSince ??= this.#now();
    if (this.#now() - this.#refusedSince >= REFUSED_FOR_MS) this.parts.onRefused(error);
  }

  #now(): number {
    return (this.parts.now ?? Date.now)();
  }
}

/** Itself, or as what brought a start to its end. */
function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return (error instanceof KafkaError && error.code === 'refused') || isRefusal(error.cause);
}
