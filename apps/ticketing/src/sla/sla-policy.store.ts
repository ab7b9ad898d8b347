import type { Session, WithSession } from '../store/session.js';
import { storedSlaSchema, type SlaDocument } from './sla-document.js';
import { slaPolicy, type SlaPolicy } from './sla-policy.js';

/** A version of what a bot promises. */
export interface StoredSla {
  readonly botId: string;
  /** From 1. */
  readonly version: number;
  readonly document: SlaDocument;
  readonly madeBy: string;
  /** RFC 3339 UTC. */
  readonly madeAt: string;
}

const READ = {
  name: 'read-sla-policies',
  text: `select bot_id, version, document, made_by, made_at from ticketing.sla_policies where bot_id = $1 order by version`,
};
const WRITE = {
  name: 'write-sla-policy',
  text: `insert into ticketing.sla_policies (bot_id, version, document, made_by, applies_from)
    values ($1, $2, $3, $4, coalesce($5::timestamptz, '-infinity'))`,
};
const VERSIONS = {
  name: 'sla-policy-versions',
  text: `select bot_id, version from ticketing.sla_policies where bot_id = any($1::text[]) order by bot_id, version`,
};

interface PolicyRow {
  bot_id: string;
  version: number;
  document: unknown;
  made_by: string;
  made_at: Date;
}

/** What bots promise, with all versions: each stays the judge of its clocks. */
export class SlaPolicyStore {
  constructor(private readonly withSession: WithSession) {}

  /** All versions, the oldest first. */
  read(botId: string): Promise<readonly StoredSla[]> {
    return this.withSession((session) => readAll(session, botId));
  }

  /** Behind the version that its writer has seen, 0 for none. @throws unique violation when there is a later one */
  async write({ botId, version, document, madeBy }: Omit<StoredSla, 'madeAt'>): Promise<void> {
    const appliesFrom = document.appliesFrom === 'always' ? null : document.appliesFrom;
    const values = [botId, version, JSON.stringify(document), madeBy, appliesFrom];
    await this.withSession((session) => session.query(WRITE, values));
  }
}

async function readAll(session: Session, botId: string): Promise<readonly StoredSla[]> {
  const { rows } = await session.query<PolicyRow>(READ, [botId]);
  return rows.map((row) => ({
    botId: row.bot_id,
    version: row.version,
    document: storedSlaSchema.parse(row.document),
    madeBy: row.made_by,
    madeAt: row.made_at.toISOString(),
  }));
}

/** What bots promise, as rules. A version never changes, so each is read once. */
export class SlaPolicies {
  private readonly byBot = new Map<string, readonly SlaPolicy[]>();

  /** All versions of these bots as of now, the oldest first, by bot. */
  async load(session: Session, botIds: readonly string[]): Promise<ReadonlyMap<string, readonly SlaPolicy[]>> {
    const { rows } = await session.query<{ bot_id: string; version: number }>(VERSIONS, [[...new Set(botIds)]]);
    const latest = new Map(rows.map(({ bot_id: botId, version }) => [botId, version]));
    for (const [botId, version] of latest) {
      if (this.byBot.get(botId)?.at(-1)?.version !== version) this.byBot.set(botId, await versionsOf(session, botId));
    }
    return this.byBot;
  }
}

async function versionsOf(session: Session, botId: string): Promise<readonly SlaPolicy[]> {
  return (await readAll(session, botId)).map(({ version, document }) => slaPolicy(version, document));
}
