import type { WithSession } from '../store/session.js';

export interface ParkingMeasure {
  readonly conversations: number;
  readonly updates: number;
  readonly oldestSeconds: number;
}

const MEASURE = {
  name: 'measure-parking',
  text: `select count(*)::int as conversations, (count(*) + coalesce(sum(followers), 0))::int as updates,
           coalesce(extract(epoch from now() - min(parked_at)), 0)::float8 as "oldestSeconds"
         from ticketing.parked_conversations`,
};

/** Beside the hot path: every few seconds, one row per parked conversation is read and no update. */
export class ParkingGauge {
  private timer: NodeJS.Timeout | undefined;
  private measuring: Promise<void> | undefined;

  constructor(
    private readonly withSession: WithSession,
    private readonly observer: { parkingMeasured(measure: ParkingMeasure): void; notMeasured(error: unknown): void },
    private readonly everyMs = 5000,
  ) {}

  start(): void {
    this.timer ??= setInterval(() => {
      this.measuring ??= this.measure()
        .catch((error: unknown) => this.observer.notMeasured(error))
        .finally(() => (this.measuring = undefined));
    }, this.everyMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.measuring;
  }

  async measure(): Promise<void> {
    const { rows } = await this.withSession((session) => session.query<ParkingMeasure>(MEASURE, []));
    if (rows[0]) this.observer.parkingMeasured(rows[0]);
  }
}
