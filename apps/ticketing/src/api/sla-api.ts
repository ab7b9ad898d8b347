import { isUniqueViolation } from '@onceline/postgres';
import { actorOf, type ApiToken } from '@onceline/service-kit';
import type { z } from 'zod';
import type { ClockKind } from '../sla/clock.js';
import { storedSlaSchema, type slaDocumentSchema } from '../sla/sla-document.js';
import { SlaPolicyStore, type StoredSla } from '../sla/sla-policy.store.js';
import type { WithSession } from '../store/session.js';
import { changedMeanwhile } from '../work/versions.js';
import { answering } from './answering.js';
import { explainFigure, readFigures } from './read-figures.js';
import { readReport } from './read-report.js';
import type { Explanation, Report, ReportQuery, SlaEntry } from './sla-schemas.js';

const NOTHING_PROMISED = storedSlaSchema.parse({ appliesFrom: 'always' });

/** What bots promise, and what became of it. */
export class SlaApi {
  private readonly store: SlaPolicyStore;

  constructor(
    private readonly withSession: WithSession,
    private readonly tokens: readonly ApiToken[],
  ) {
    this.store = new SlaPolicyStore(withSession);
  }

  /** The latest first; nobody's version 0 where there is none. */
  async versions(botId: string): Promise<readonly [SlaEntry, ...SlaEntry[]]> {
    const stored = await answering(this.store.read(botId));
    const [first, ...others] = stored.toReversed().map(toEntry);
    return first ? [first, ...others] : [{ botId, version: 0, sla: NOTHING_PROMISED, madeBy: null, madeAt: null }];
  }

  /** The same document again makes no new version. */
  async write(
    botId: string,
    document: z.infer<typeof slaDocumentSchema>,
    { authorization, seenVersion }: { authorization: string | undefined; seenVersion: number | undefined },
  ): Promise<SlaEntry> {
    const [before] = await this.versions(botId);
    if (seenVersion !== undefined && seenVersion !== before.version) throw changedMeanwhile('promise', before.version);
    const next = { ...document, appliesFrom: document.appliesFrom ?? new Date().toISOString() };
    const repeated = { ...next, appliesFrom: document.appliesFrom ?? before.sla.appliesFrom };
    if (before.version > 0 && JSON.stringify(before.sla) === JSON.stringify(repeated)) return before;
    const version = before.version + 1;
    const madeBy = actorOf(authorization, this.tokens);
    try {
      await answering(this.store.write({ botId, version, document: storedSlaSchema.parse(next), madeBy }));
    } catch (error) {
      if (isUniqueViolation(error, 'one_sla_policy_per_version')) throw changedMeanwhile('promise', version);
      throw error;
    }
    return (await this.versions(botId))[0];
  }

  figures(ticketId: string) {
    return answering(readFigures(this.withSession, ticketId));
  }

  explain(ticketId: string, figure: ClockKind): Promise<Explanation | undefined> {
    return answering(explainFigure(this.withSession, ticketId, figure));
  }

  report(query: ReportQuery): Promise<Report> {
    return answering(readReport(this.withSession, query));
  }
}

function toEntry({ botId, version, document, madeBy, madeAt }: StoredSla): SlaEntry {
  return { botId, version, sla: document, madeBy, madeAt };
}
