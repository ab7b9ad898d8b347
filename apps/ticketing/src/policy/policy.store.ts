import type { Session, WithSession } from '../store/session.js';
import { storedPolicySchema, type BotPolicyDocument } from './bot-policy.js';

/** A version of a bot's policy. */
export interface StoredPolicy {
  readonly botId: string;
  /** From 1. */
  readonly version: number;
  readonly document: BotPolicyDocument;
  /** Who wrote it. */
  readonly madeBy: string;
  /** RFC 3339 UTC. */
  readonly madeAt: string;
  /** Of the supergroups that were groups before: as which. Left out where nobody asked. */
  readonly migratedFrom?: Readonly<Record<string, string>>;
}

const LATEST = `select distinct on (bot_id) bot_id, version, document, made_by, made_at from ticketing.policies`;
const READ_ALL = {
  name: 'read-policies',
  text: `select p.*, (select json_object_agg(m.migrated_to, m.chat_id) from ticketing.migrated_chats m
      where m.bot_id = p.bot_id) as migrated_from
    from (${LATEST} order by bot_id, version desc) p`,
};
const READ_ONE = { name: 'read-policy', text: `${LATEST} where bot_id = $1 order by bot_id, version desc` };
const WRITE = {
  name: 'write-policy',
  text: `insert into ticketing.policies (bot_id, version, document, made_by) values ($1, $2, $3, $4)`,
};

interface PolicyRow {
  bot_id: string;
  version: number;
  document: unknown;
  made_by: string;
  made_at: Date;
  migrated_from?: Record<string, string> | null;
}

/** Policies with all their versions: what held at a moment can be found out later. */
export class PolicyStore {
  constructor(private readonly withSession: WithSession) {}

  /** The latest of each bot that has one. */
  async readAll(): Promise<readonly StoredPolicy[]> {
    const { rows } = await this.withSession((session) => session.query<PolicyRow>(READ_ALL, []));
    return rows.map(toPolicy);
  }

  async read(botId: string): Promise<StoredPolicy | undefined> {
    return this.withSession((session) => readOne(session, botId));
  }

  /** Behind the version that its writer has seen, 0 for none. @throws unique violation when there is a later one */
  async write(policy: Omit<StoredPolicy, 'madeAt'>): Promise<void> {
    const { botId, version, document, madeBy } = policy;
    await this.withSession((session) => session.query(WRITE, [botId, version, JSON.stringify(document), madeBy]));
  }
}

async function readOne(session: Session, botId: string): Promise<StoredPolicy | undefined> {
  const { rows } = await session.query<PolicyRow>(READ_ONE, [botId]);
  return rows.map(toPolicy)[0];
}

/** Settings that a newer version has added are at their standard. */
function toPolicy(row: PolicyRow): StoredPolicy {
  return {
    botId: row.bot_id,
    version: row.version,
    document: storedPolicySchema.parse(row.document),
    madeBy: row.made_by,
    madeAt: row.made_at.toISOString(),
    ...(row.migrated_from ? { migratedFrom: row.migrated_from } : {}),
  };
}
