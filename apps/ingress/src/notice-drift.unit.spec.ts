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
  let told: string[];
  let drift: DriftNotice;
  beforeEach(() => {
    told = [];
    drift = new DriftNotice((name) => told.push(name));
  });

  it('is an unknown kind or another top-level field, not an update without a kind', () => {
    expect(drift.notice(update('message'))).toBe(false);
    expect(drift.notice(update('none'))).toBe(false);
    expect(drift.notice(update('hologram'))).toBe(true);
    expect(drift.notice(update('message', ['aura']))).toBe(true);
    expect(told).toEqual(['hologram', 'aura']);
  });

  it('is named once, shortly, and not without end', () => {
    for (let n = 0; n < 3; n += 1) drift.notice(update('x'.repeat(10_000)));
    expect(told).toEqual(['x'.repeat(64)]);
    for (let n = 0; n < 1_000; n += 1) drift.notice(update(`kind${n}`));
    expect(told).toHaveLength(100);
  });
});
