import { UsageError } from '../access.js';
import { parseOrder } from './arguments.js';
import { progressWords, table } from './print.js';
import { describeProblem } from './retry-api.js';

const parse = (line: string) => parseOrder(line === '' ? [] : line.split(' '));

describe('dead-letters', () => {
  it.each([
    ['list --bot 7 --status open --limit 5', { command: 'list', filter: { bot: '7', status: 'open' }, limit: 5 }],
    ['groups --class destination', { command: 'groups', filter: { class: 'destination' } }],
    ['show abc --json', { command: 'show', ids: ['abc'], json: true }],
    ['redrive abc --reason mended', { body: { id: 'abc', reason: 'mended' }, wait: true }],
    ['redrive a b --reason mended --no-wait', { body: { ids: ['a', 'b'], reason: 'mended' }, wait: false }],
    ['redrive --fingerprint f --dry-run', { body: { fingerprint: 'f', dryRun: true } }],
    [
      'redrive --fingerprint f --bot 7 --reason r --canary 2,5 --rate 0.5',
      { body: { filter: { fingerprint: 'f', bot: '7' }, reason: 'r', canary: [2, 5], rate: 0.5 } },
    ],
    ['redrive a --reason r --canary none', { body: { canary: [] } }],
    ['discard --conversation 7:42 --reason spam', { body: { filter: { conversation: '7:42' }, reason: 'spam' } }],
    ['cancel r-1 --reason wrong', { ids: ['r-1'], body: { reason: 'wrong' } }],
    ['status', { command: 'status', ids: [] }],
    ['', { command: 'help' }],
    ['list --help', { command: 'help' }],
  ])('%s is understood', (line, order) => {
    expect(parse(line)).toMatchObject(order);
  });

  it.each([
    ['burn', /give one of list, groups/],
    ['show', /give one id/],
    ['show a b', /give one id/],
    ['list abc', /use show abc/],
    ['redrive abc', /--reason/],
    ['redrive --reason r', /say which/],
    ['redrive a --bot 7 --reason r', /not both/],
    ['discard a', /--reason/],
    ['redrive a --reason r --canary 0', /--canary 0/],
    ['redrive a --reason r --rate fast', /--rate fast/],
    ['list --limit 1000', /--limit 1000/],
    ['list --colour red', /--colour/],
  ])('%s is refused with the way out', (line, message) => {
    expect(() => parse(line)).toThrow(message);
    expect(() => parse(line)).toThrow(UsageError);
  });

  it('says progress and problems in words', () => {
    const counts = { waiting: 2, sent: 1, redriven: 3, failedAgain: 0, released: 0 };
    expect(progressWords({ selected: 6, counts } as Parameters<typeof progressWords>[0])).toBe(
      '6 selected: 3 redriven, 0 failed again, 1 on their way, 2 waiting',
    );
    const problem = JSON.stringify({ title: 'Conflict', detail: 'Nothing is open.', fix: 'Look.' });
    expect(describeProblem(409, problem)).toBe('409 Conflict: Nothing is open.\nLook.');
    expect(describeProblem(502, 'bad gateway')).toBe('502: bad gateway');
    expect(
      table([
        ['a', 'bb'],
        ['ccc', 'd'],
      ]),
    ).toBe('a    bb\nccc  d');
  });
});
