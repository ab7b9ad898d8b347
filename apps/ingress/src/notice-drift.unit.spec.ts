import { UPDATE_KINDS, type TelegramUpdate } from '@onceline/contracts';
import { DriftNotice, KIND_LABELS, kindLabel } from './notice-drift.js';

const update = (kind: string, otherFields?: readonly string[]): TelegramUpdate => ({
  updateId: 1,
  kind,
  payload: {},
  ...(otherFields === undefined ? {} : { otherFields }),
});

describe('the label of a kind', () => {
  it('is one of a closed list, whatever Telegram sends', () => {
    expect(UPDATE_KINDS.map(kindLabel)).toEqual(UPDATE_KINDS);
    expect(['none', 'hologram', '__proto__', ''].map(kindLabel)).toEqual(['none', 'unknown', 'unknown', 'unknown']);
    for (const kind of [...UPDATE_KINDS, 'none', 'hologram']) expect(KIND_LABELS).toContain(kindLabel(kind));
  });
});

describe('drift', () => {
  let named: string[];
  let found: string[];
  let drift: DriftNotice;
  beforeEach(() => {
    [named, found] = [[], []];
    drift = new DriftNotice({
      named: (part, name) => void named.push(`${part} ${name}`),
      found: (part, name) => void found.push(`${part} ${name}`),
    });
  });

  it('is an unknown kind or another top-level field, not an update without a kind', () => {
    expect(drift.notice(update('message'))).toBe(false);
    expect(drift.notice(update('none'))).toBe(false);
    expect(drift.notice(update('hologram'))).toBe(true);
    expect(drift.notice(update('message', ['aura', 'glow']))).toBe(true);
    expect(named).toEqual(['kind hologram', 'field aura', 'field glow']);
  });

  it('is named once and counted each time; a field may have the name of a kind', () => {
    for (let n = 0; n < 3; n += 1) drift.notice(update('hologram'));
    drift.notice(update('message', ['hologram']));
    expect(named).toEqual(['kind hologram', 'field hologram']);
    expect(found).toEqual([...Array<string>(3).fill('kind hologram'), 'field hologram']);
  });

  it.each(['x'.repeat(65), '', 'Hologram', 'holo gram', 'holo"gram\n', '1st', 'otherÜ', '__proto__'])(
    'is not named after what no Bot API would send: %j',
    (name) => {
      drift.notice(update(name));
      drift.notice(update(name));
      expect([named, found]).toEqual([['kind other'], ['kind other', 'kind other']]);
    },
  );

  it('has no names without end', () => {
    for (let n = 0; n < 1_000; n += 1) drift.notice(update(`kind${n}`, [`field${n}`]));
    expect(new Set(found)).toEqual(new Set(named));
    expect(named.filter((name) => name.startsWith('kind'))).toHaveLength(51);
    expect(named.filter((name) => name.startsWith('field'))).toHaveLength(51);
    expect(found).toHaveLength(2_000);
    // Those that were first keep theirs.
    drift.notice(update('kind7'));
    expect(found.at(-1)).toBe('kind kind7');
  });
});
