import { cpuPerUpdate, parseStat } from './cpu-time.js';

describe('CPU time', () => {
  it('is read from behind a name that holds blanks and brackets', () => {
    const stat = '4242 (postgres: a) b) S 17 4242 4242 0 -1 4194304 900 0 0 0 250 50 7 3 20 0 1 0 12345 1000 10';
    expect(parseStat(stat)).toEqual({ parent: 17, ms: 3000 });
  });

  it('is told for each update, by part and of all', () => {
    const before = { broker: 1000, sender: 50 };
    expect(cpuPerUpdate(before, { broker: 1900, sender: 150 }, 100)).toEqual({
      cpu_ms: 10,
      cpu_ms_broker: 9,
      cpu_ms_sender: 1,
    });
  });

  it('is no figure where it cannot be read', () => expect(cpuPerUpdate({}, {}, 100)).toEqual({}));
});
