import { defaultKinds } from '@onceline/telegram-simulator';

import { UsageError } from './access.js';
import { parseSimulateOptions, simulateHelp } from './simulate-options.js';

const now = 1_795_000_000_500;
const parse = (...args: string[]) => parseSimulateOptions(args, now);

describe('the flags of simulate', () => {
  it('have defaults; the seed is the time', () => {
    expect(parse()).toEqual({
      updates: 20_000,
      rate: undefined,
      bots: 3,
      chats: 500,
      duplicates: 0,
      kinds: defaultKinds,
      seed: 1_795_000_000,
      patience: 120,
      url: undefined,
      json: false,
      help: false,
    });
  });

  it('are read', () => {
    const args =
      '--updates 10 --rate 2.5 --bots 1 --chats 4 --duplicates 0.2 --kinds message=9,poll,future_kind=0.5 --seed 0 --patience 5 --url http://x:1/ --json';
    expect(parse(...args.split(' '))).toEqual({
      updates: 10,
      rate: 2.5,
      bots: 1,
      chats: 4,
      duplicates: 0.2,
      kinds: { message: 9, poll: 1, future_kind: 0.5 },
      seed: 0,
      patience: 5,
      url: 'http://x:1',
      json: true,
      help: false,
    });
  });

  it.each([
    ['--updates', '0'],
    ['--updates', '1e3'],
    ['--rate', '0'],
    ['--rate', 'fast'],
    ['--bots', '1.5'],
    ['--chats', ''],
    ['--duplicates', '20'],
    ['--duplicates', ''],
    ['--kinds', 'massage'],
    ['--kinds', 'message=0'],
    ['--seed', 'abc'],
    ['--patience', '0'],
    ['--url', 'localhost:8080'],
    ['--colour', 'red'],
  ])('%s %s is refused by name', (flag, value) => {
    expect(() => parse(flag, value)).toThrow(UsageError);
    expect(() => parse(flag, value)).toThrow(flag);
  });

  it('are all in the help', () => {
    for (const flag of Object.keys(parse())) expect(simulateHelp).toContain(`--${flag}`);
  });
});
