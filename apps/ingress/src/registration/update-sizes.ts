/** A new update counts as the hundredth part: a burst of pictures moves the average, one picture does not. */
const WEIGHT = 0.01;

/** The average size of what a bot receives, as the door sees it. Telegram tells how many updates wait, not how long they are. */
export class UpdateSizes {
  readonly #averages = new Map<string, number>();

  /** @param assumed until a bot's first update */
  constructor(private readonly assumed: number) {}

  saw(botId: string, bytes: number): void {
    const average = this.#averages.get(botId);
    this.#averages.set(botId, average === undefined ? bytes : average + (bytes - average) * WEIGHT);
  }

  average(botId: string): number {
    return this.#averages.get(botId) ?? this.assumed;
  }
}
