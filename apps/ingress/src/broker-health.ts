/** What the readiness check says of the broker. It asks the broker only after a failed produce: a healthy one is not bothered. */
export class BrokerHealth {
  #failing: { readonly since: number; readonly cause: string } | undefined;

  /** @param probe rejects, in bounded time, when the topics cannot be written to */
  constructor(
    private readonly probe: () => Promise<void>,
    private readonly now: () => number = Date.now,
  ) {}

  stored(): void {
    this.#failing = undefined;
  }

  failed(cause: string): void {
    this.#failing ??= { since: this.now(), cause };
  }

  /** From a produce that failed until one succeeds or a check finds the topics there. */
  get isFailing(): boolean {
    return this.#failing !== undefined;
  }

  /** The reason for being unready. Recovery needs no webhook traffic, which an unready process does not get. */
  async check(): Promise<string | undefined> {
    if (!this.#failing) return undefined;
    try {
      await this.probe();
      this.#failing = undefined;
      return undefined;
    } catch (error) {
      const { since, cause } = this.#failing ?? { since: this.now(), cause: String(error) };
      return `the broker has not acknowledged since ${new Date(since).toISOString()} (${cause})`;
    }
  }
}
