import { IdChunk, CHUNK_IDS } from './id-chunk.js';

/**
 * Finds update ids that never came. Telegram numbers the updates of a bot without gaps, so a number missing below one
 * that came is an update that was lost, dropped, or is still being repeated. Telegram repeats for at most 24 hours:
 * older gaps are suspected losses.
 *
 * Ids arrive out of order and may restart lower after a quiet week, so nothing here is a filter. What belongs together
 * is decided when gaps are judged and not when ids come, because a restart reads one partition after the other and
 * each knows only some ids. A gap wider than {@link MAX_STEP} is a restart of the numbering, not a loss: Telegram never
 * holds more updates than that for a bot.
 */
export const MAX_STEP = 100_000;
export const LOST_AFTER_MS = 24 * 3_600_000;
/** Numbering restarts only after a quiet week; before that, what was judged stays judged. */
const STRETCH_KEPT_MS = 6 * 24 * 3_600_000;
/** Chunks with bits per bot: 4 MB, 33 million open ids. Beyond that the lowest go unjudged. */
const MAX_OPEN_CHUNKS = 1024;
/** Judged stretches remembered per bot. Telegram makes one after a quiet week; more of them come from ids that are not Telegram's. */
export const MAX_STRETCHES = 64;

/** Ids of one bot that did not come in time. */
export interface SuspectedLoss {
  readonly botId: string;
  readonly updates: number;
  readonly firstId: number;
  readonly lastId: number;
}

export class UpdateIdGaps {
  private readonly bots = new Map<string, BotIds>();

  /** Memory held for ids that are not judged yet. */
  get bytes(): number {
    return [...this.bots.values()].reduce((sum, ids) => sum + ids.bytes, 0);
  }

  /** An update came. Copies and any order are fine. */
  observe(botId: string, updateId: number, seenAt: number): void {
    this.idsOf(botId).observe(updateId, seenAt);
  }

  /** An update came so long ago that its neighbours may be forgotten already: nothing up to its id is judged. */
  discount(botId: string, updateId: number): void {
    this.idsOf(botId).discount(updateId);
  }

  /**
   * Reports each missing id once.
   * @param completeUntil every update received before this time has been observed
   */
  judge(completeUntil: number): SuspectedLoss[] {
    const losses: SuspectedLoss[] = [];
    for (const [botId, ids] of this.bots) {
      for (const loss of ids.judge(completeUntil - LOST_AFTER_MS)) losses.push({ botId, ...loss });
    }
    return losses;
  }

  /** Judged stretches that were forgotten early, because a bot had too many: a late copy there may be judged again. Since the last call. */
  takeForgotten(): number {
    let forgotten = 0;
    for (const ids of this.bots.values()) forgotten += ids.takeForgotten();
    return forgotten;
  }

  private idsOf(botId: string): BotIds {
    let ids = this.bots.get(botId);
    if (ids === undefined) this.bots.set(botId, (ids = new BotIds()));
    return ids;
  }
}

type Missing = Omit<SuspectedLoss, 'botId'>;

/** Ids that have been judged: whatever comes here later changes nothing. */
interface Stretch {
  readonly from: number;
  to: number;
  judgedAt: number;
}

class BotIds {
  private readonly chunks = new Map<number, IdChunk>();
  private stretches: Stretch[] = [];
  private forgotten = 0;

  get bytes(): number {
    return [...this.chunks.values()].reduce((sum, chunk) => sum + chunk.bytes, 0);
  }

  takeForgotten(): number {
    const { forgotten } = this;
    this.forgotten = 0;
    return forgotten;
  }

  observe(id: number, seenAt: number): void {
    if (this.isJudged(id)) return;
    this.chunkOf(id).observe(id, seenAt);
  }

  discount(id: number): void {
    if (this.isJudged(id)) return;
    this.chunkOf(id).discount(id);
  }

  judge(before: number): Missing[] {
    this.stretches = this.stretches.filter(({ judgedAt }) => before - judgedAt < STRETCH_KEPT_MS);
    return this.clusters().flatMap((cluster) => this.judgeCluster(cluster, before) ?? []);
  }

  /** Ids just below a stretch came before we looked on, or very late; their neighbours were never observed. */
  private isJudged(id: number): boolean {
    return this.stretches.some(({ from, to }) => id <= to && id >= from - MAX_STEP);
  }

  private chunkOf(id: number): IdChunk {
    const number = Math.floor(id / CHUNK_IDS);
    const known = this.chunks.get(number);
    if (known !== undefined) return known;
    const chunk = new IdChunk(number);
    this.chunks.set(number, chunk);
    if (this.chunks.size > MAX_OPEN_CHUNKS) this.closeLowest();
    return chunk;
  }

  private closeLowest(): void {
    const lowest = this.sortedChunks()[0];
    if (lowest === undefined) return;
    this.chunks.delete(lowest.number);
    this.keep({ from: lowest.min, to: lowest.max, judgedAt: lowest.lastSeenAt });
  }

  /** Joins what the new stretch follows on: while nothing is judged for long, chunk after chunk is closed here. */
  private keep(stretch: Stretch): void {
    const before = this.stretches.find(({ from, to }) => stretch.from >= from && stretch.from - to <= MAX_STEP);
    if (before !== undefined) {
      before.to = Math.max(before.to, stretch.to);
      before.judgedAt = Math.max(before.judgedAt, stretch.judgedAt);
      return;
    }
    this.stretches.push(stretch);
    if (this.stretches.length <= MAX_STRETCHES) return;
    const oldest = this.stretches.reduce((a, b) => (b.judgedAt < a.judgedAt ? b : a));
    this.stretches.splice(this.stretches.indexOf(oldest), 1);
    this.forgotten++;
  }

  private sortedChunks(): IdChunk[] {
    return [...this.chunks.values()].sort((a, b) => a.number - b.number);
  }

  /** Chunks whose ids follow one another without a step that would be a restart. */
  private clusters(): IdChunk[][] {
    const clusters: IdChunk[][] = [];
    let previous: IdChunk | undefined;
    for (const chunk of this.sortedChunks()) {
      if (previous !== undefined && chunk.min - previous.max <= MAX_STEP) clusters.at(-1)?.push(chunk);
      else clusters.push([chunk]);
      previous = chunk;
    }
    return clusters;
  }

  private judgeCluster(cluster: readonly IdChunk[], before: number): Missing | undefined {
    const lowest = cluster[0];
    if (lowest === undefined) return undefined;
    const target = Math.max(...cluster.map((chunk) => chunk.takeHighestSeenBefore(before)));
    const joined = this.stretches.find(({ from, to }) => lowest.min >= from && lowest.min - to <= MAX_STEP);
    const floor = Math.max(joined?.to ?? lowest.min, ...cluster.map((chunk) => chunk.floor));
    if (target <= (joined?.to ?? -1)) return undefined;
    if (joined === undefined) this.keep({ from: lowest.min, to: target, judgedAt: before });
    else Object.assign(joined, { to: target, judgedAt: before });
    const missing = missingBetween(cluster, floor, target);
    for (const chunk of cluster) {
      if (chunk.max <= target) this.chunks.delete(chunk.number);
      // The stretch is forgotten in some days; what stays open must still know what was judged.
      else chunk.floor = Math.max(chunk.floor, target);
    }
    return missing;
  }
}

function missingBetween(cluster: readonly IdChunk[], floor: number, target: number): Missing | undefined {
  const chunks = new Map(cluster.map((chunk) => [chunk.number, chunk]));
  let updates = 0;
  let firstId = 0;
  let lastId = 0;
  for (let id = floor + 1; id <= target; id++) {
    const word = chunks.get(Math.floor(id / CHUNK_IDS))?.wordOf(id) ?? 0;
    if ((word & (1 << (id & 31))) !== 0) {
      // Nearly all words are full.
      if (word === 0xffff_ffff && (id & 31) === 0) id += 31;
      continue;
    }
    if (updates === 0) firstId = id;
    lastId = id;
    updates++;
  }
  return updates === 0 ? undefined : { updates, firstId, lastId };
}
