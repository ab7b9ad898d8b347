import { UsageError, parseOrder } from './arguments.js';

const parse = (line: string) => parseOrder(line === '' ? [] : line.split(' '));

describe('webhook', () => {
  it.each([
    ['', { command: 'help' }],
    ['show --help', { command: 'help' }],
    ['show --json', { command: 'show', json: true, bots: [] }],
    ['set --bot 1 --bot 2 --dry-run', { command: 'set', bots: ['1', '2'], dryRun: true, replace: false }],
    ['rotate-secret --probe http://10.0.0.7:8080/ --out f', { probes: ['http://10.0.0.7:8080'], out: 'f' }],
    ['watch', { looks: Infinity, settings: {} }],
    [
      'watch --every 5 --looks 2 --repair lost,foreign',
      { looks: 2, settings: { WEBHOOK_WATCH_INTERVAL_MS: '5000', WEBHOOK_REPAIR: 'lost,foreign' } },
    ],
  ])('%s', (line, order) => {
    expect(parse(line)).toMatchObject(order);
  });

  it.each([
    ['get', 'get: give one of set, show, rotate-secret, watch'],
    ['show 1000001', '1000001: takes no such argument; name a bot with --bot ID'],
    ['show --repair lost', '--repair: show has no such flag'],
    ['set --looks 1', '--looks: set has no such flag'],
    ['watch --every 0', '--every 0: give a whole number from 1'],
    ['rotate-secret --probe door', '--probe door: give an http or https address'],
    ['show --nothing', "Unknown option '--nothing'"],
  ])('%s is refused: %s', (line, words) => {
    expect(() => parse(line)).toThrow(UsageError);
    expect(() => parse(line)).toThrow(words);
  });
});
