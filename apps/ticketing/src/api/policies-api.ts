import { isUniqueViolation } from '@onceline/postgres';
import { actorOf, type ApiToken } from '@onceline/service-kit';
import { STANDARD_DOCUMENT, type BotPolicyDocument } from '../policy/bot-policy.js';
import type { PolicyStore, StoredPolicy } from '../policy/policy.store.js';
import { changedMeanwhile } from '../work/versions.js';
import { answering } from './answering.js';
import type { PolicyEntry } from './policy-schemas.js';

/** Looks at policies and writes new versions of them. */
export class PoliciesApi {
  constructor(
    private readonly store: PolicyStore,
    private readonly tokens: readonly ApiToken[],
  ) {}

  async read(botId: string): Promise<PolicyEntry> {
    const stored = await answering(this.store.read(botId));
    return stored ? toEntry(stored) : { botId, version: 0, policy: STANDARD_DOCUMENT, madeBy: null, madeAt: null };
  }

  /** The same document again makes no new version. */
  async write(
    botId: string,
    policy: BotPolicyDocument,
    { authorization, seenVersion }: { authorization: string | undefined; seenVersion: number | undefined },
  ): Promise<PolicyEntry> {
    const before = await this.read(botId);
    if (seenVersion !== undefined && seenVersion !== before.version) throw changedMeanwhile('policy', before.version);
    if (before.version > 0 && JSON.stringify(before.policy) === JSON.stringify(policy)) return before;
    const next = { botId, version: before.version + 1, document: policy, madeBy: actorOf(authorization, this.tokens) };
    try {
      await answering(this.store.write(next));
    } catch (error) {
      if (isUniqueViolation(error, 'one_policy_per_version')) throw changedMeanwhile('policy', next.version);
      throw error;
    }
    return this.read(botId);
  }
}

function toEntry({ botId, version, document, madeBy, madeAt }: StoredPolicy): PolicyEntry {
  return { botId, version, policy: document, madeBy, madeAt };
}
