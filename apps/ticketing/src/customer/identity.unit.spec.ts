import fc from 'fast-check';
import {
  concerned,
  customerOf,
  decideMerge,
  decideSplit,
  MOST_ACCOUNTS,
  type Customer,
  type IdentityChange,
  type IdentityDecision,
} from './identity.js';

type Recorded = IdentityChange & { readonly version: number };
type Wish = { readonly merge: readonly [string, string] } | { readonly split: string };

/** What was said of a bot's customers, as the table keeps it. */
class Said {
  readonly events: Recorded[] = [];

  who(account: string): Customer {
    return customerOf(
      account,
      this.events.findLast((event) => concerned(event).includes(account)),
    );
  }

  do(wish: Wish): IdentityDecision {
    const decision = this.decide(wish);
    if ('change' in decision) this.events.push({ ...decision.change, version: this.events.length + 1 });
    return decision;
  }

  private decide(wish: Wish): IdentityDecision {
    if ('split' in wish) return decideSplit(this.who(wish.split), wish.split);
    const [account, other] = wish.merge;
    return decideMerge(this.who(account), this.who(other), { account, with: other });
  }
}

const ACCOUNTS = ['1', '2', '3', '10', '11', '12'];
const account = fc.constantFrom(...ACCOUNTS);
const merge = fc.tuple(account, account).map((pair): Wish => ({ merge: pair }));
const wishes = fc.array(
  fc.oneof(
    merge,
    account.map((split): Wish => ({ split })),
  ),
  { maxLength: 30 },
);

const after = (all: readonly Wish[]) => {
  const said = new Said();
  for (const wish of all) said.do(wish);
  return said;
};
const groupsOf = (said: Said) => Object.fromEntries(ACCOUNTS.map((id) => [id, said.who(id).accounts]));

/** The same told by sets alone: merging joins two, splitting takes one out. */
function bySets(all: readonly Wish[]) {
  let groups = ACCOUNTS.map((id) => new Set([id]));
  const groupOf = (id: string) => groups.find((group) => group.has(id)) ?? new Set<string>();
  for (const wish of all) {
    const joined = 'split' in wish ? [groupOf(wish.split)] : wish.merge.map(groupOf);
    const rest = groups.filter((group) => !joined.includes(group));
    const members = new Set(joined.flatMap((group) => [...group]));
    if ('split' in wish) {
      members.delete(wish.split);
      groups = [...rest, new Set([wish.split]), members];
    } else groups = [...rest, members];
  }
  return Object.fromEntries(ACCOUNTS.map((id) => [id, [...groupOf(id)].sort()]));
}

it('for any merges and splits: who is one with whom is an equivalence, and what sets would say', () => {
  fc.assert(
    fc.property(wishes, (all) => {
      const groups = groupsOf(after(all));
      expect(groups).toEqual(bySets(all));
      for (const id of ACCOUNTS) {
        // Of himself; and whoever is one with him says the same of himself, which is symmetric and transitive.
        expect(groups[id]).toContain(id);
        for (const other of groups[id] ?? []) expect(groups[other]).toEqual(groups[id]);
      }
    }),
  );
});

it('merges come to the same in any order, from whichever side, and however often', () => {
  const shuffled = fc
    .array(fc.tuple(account, account), { maxLength: 10 })
    .chain((pairs) =>
      fc.tuple(
        fc.constant(pairs),
        fc.shuffledSubarray([...pairs, ...pairs], { minLength: pairs.length * 2, maxLength: pairs.length * 2 }),
        fc.boolean(),
      ),
    );
  fc.assert(
    fc.property(shuffled, ([pairs, others, isTurned]) => {
      const turned = others.map(([a, b]): Wish => ({ merge: isTurned ? [b, a] : [a, b] }));
      expect(groupsOf(after(turned))).toEqual(groupsOf(after(pairs.map((pair) => ({ merge: pair })))));
    }),
  );
});

it('for any history: a merge with somebody who is alone is undone by splitting him off, and versions of all accounts of a person are one', () => {
  fc.assert(
    fc.property(wishes, account, account, (all, one, other) => {
      const said = after([...all, { split: other }]);
      const before = groupsOf(said);
      if ('change' in said.do({ merge: [one, other] })) said.do({ split: other });
      expect(groupsOf(said)).toEqual(before);
      for (const id of ACCOUNTS) {
        const { accounts, version } = said.who(id);
        expect(accounts.map((same) => said.who(same).version)).toEqual(accounts.map(() => version));
      }
    }),
  );
});

it('for any wish: what is refused changes nothing, what is not refused changes what one knows of exactly those whom it concerns', () => {
  fc.assert(
    fc.property(
      wishes,
      fc.oneof(
        merge,
        account.map((split): Wish => ({ split })),
      ),
      (all, wish) => {
        const said = after(all);
        const before = ACCOUNTS.map((id) => said.who(id));
        const decision = said.do(wish);
        const changed = ACCOUNTS.filter((id, index) => said.who(id).version !== before[index]?.version);
        expect(changed.sort()).toEqual('change' in decision ? concerned(decision.change) : []);
      },
    ),
  );
});

describe('is refused', () => {
  const alone = (id: string): Customer => ({ accounts: [id], version: 0 });
  const refusal = (decision: IdentityDecision) => ('refusal' in decision ? decision.refusal.because : undefined);

  it('with himself, and with whom he is one already', () => {
    const both = { accounts: ['1', '2'], version: 1 };
    expect(refusal(decideMerge(alone('1'), alone('1'), { account: '1', with: '1' }))).toBe('choice');
    expect(refusal(decideMerge(both, both, { account: '1', with: '2' }))).toBe('state');
  });

  it('beyond as many accounts as one can read', () => {
    const many = { accounts: Array.from({ length: MOST_ACCOUNTS }, (_, index) => String(index)).sort(), version: 1 };
    expect(refusal(decideMerge(many, alone('a'), { account: '1', with: 'a' }))).toBe('state');
    const fewer = { ...many, accounts: many.accounts.slice(1) };
    expect(refusal(decideMerge(fewer, alone('a'), { account: '1', with: 'a' }))).toBeUndefined();
  });

  it('the split of one who is alone', () => {
    expect(refusal(decideSplit(alone('1'), '1'))).toBe('state');
  });
});
