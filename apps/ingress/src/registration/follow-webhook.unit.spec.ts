import { UPDATE_KINDS } from '@onceline/contracts';
import fc from 'fast-check';
import { NO_HISTORY, followWebhook, type History, type Report } from './follow-webhook.js';
import type { WebhookInfo } from './webhook-info.js';

const NOW = 1_790_000_000_000;
const wanted = { url: 'https://a.example/telegram/1', allowedUpdates: UPDATE_KINDS, maxConnections: 40 };
const info = (traits: Partial<WebhookInfo> = {}): WebhookInfo => ({
  url: wanted.url,
  pending_update_count: 0,
  max_connections: 40,
  allowed_updates: [...UPDATE_KINDS],
  ...traits,
});

/** Looks at these, 30 seconds between them unless told otherwise. */
function follow(infos: readonly WebhookInfo[], everyMs = 30_000): Report[] {
  let history: History = NO_HISTORY;
  return infos.map((one, index) => {
    const look = { at: NOW + index * everyMs, wanted, bytesPerUpdate: 1_000 };
    const followed = followWebhook(history, one, look);
    history = followed.history;
    return followed.report;
  });
}

describe('following a webhook', () => {
  it('takes an error that moves for new, and one that stays for old', () => {
    const reports = follow([
      info({ last_error_date: 1 }),
      info({ last_error_date: 1 }),
      info({ last_error_date: 2 }),
      info({ last_error_date: 2 }),
      info(),
      info({ last_error_date: 3 }),
    ]);
    expect(reports.map(({ errors }) => errors.delivery)).toEqual([false, false, true, false, false, true]);
  });

  it('finds as many new errors as there were moves, whatever the dates', () => {
    const dates = fc.array(fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }), { minLength: 1 });
    fc.assert(
      fc.property(dates, (all) => {
        const reports = follow(all.map((date) => info({ last_error_date: date })));
        const moves = all.filter((date, index) => index > 0 && date !== undefined && date !== all[index - 1]);
        expect(reports.filter(({ errors }) => errors.delivery)).toHaveLength(moves.length);
      }),
    );
  });

  it('tells trouble between the servers of Telegram apart', () => {
    const [, second] = follow([info(), info({ last_synchronization_error_date: 5 })]);
    expect(second?.errors).toEqual({ delivery: false, synchronization: true });
    expect(second?.failing).toBe(false);
  });

  it('counts deliveries as failing for longer than the longest pause between two tries', () => {
    const reports = follow([
      info(),
      info({ last_error_date: 9 }),
      ...Array<WebhookInfo>(9).fill(info({ last_error_date: 9 })),
    ]);
    const failing = [...Array<boolean>(8).fill(true), false, false];
    expect(reports.map((report) => report.failing)).toEqual([false, ...failing]);
  });

  it('sees one update grow older for a whole day though nobody answers and errors are far apart', () => {
    const looks = Math.floor(86_400 / 31);
    const dateAt = (look: number) => NOW / 1000 + 178 * Math.floor((31 * look) / 178);
    const blackHole = Array.from({ length: looks }, (_, look) =>
      info({ pending_update_count: 1, last_error_date: dateAt(look) }),
    );
    const ages = follow(blackHole, 31_000).map(({ timeToLoss }) => 86_400 - timeToLoss.age);
    expect(ages).toEqual(blackHole.map((_, look) => 31 * look));
  });

  it('knows at the first look of an error of this moment, and not of an old one', () => {
    expect(follow([info({ last_error_date: NOW / 1000 - 10 })])[0]?.failing).toBe(true);
    expect(follow([info({ last_error_date: NOW / 1000 - 1_000 })])[0]?.failing).toBe(false);
  });

  it('counts the day of the oldest update from the look before the outage', () => {
    const outage = [...Array(10).keys()].map((look) =>
      info({ pending_update_count: 900 * look, ...(look === 0 ? {} : { last_error_date: look }) }),
    );
    const last = follow(outage).at(-1);
    expect(last?.growthPerSecond).toBeCloseTo(30);
    expect(last?.timeToLoss.age).toBe(86_400 - 270);
    expect(last?.timeToLoss.count).toBeCloseTo((100_000 - 8_100) / 30);
  });

  it('is at ease with a busy bot: what is on its way is not a backlog', () => {
    const busy = [3, 0, 17, 40, 5, 22].map((pending) => info({ pending_update_count: pending }));
    for (const { timeToLoss } of follow(busy)) expect(timeToLoss.age).toBe(86_400);
  });
});
