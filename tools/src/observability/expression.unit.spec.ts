import { groupingLabels, matches, remainingLabels, selectorsOf, selectorText } from './expression.js';

const names = (expression: string) => selectorsOf(expression).map(({ name }) => name);

describe('selectorsOf', () => {
  it('finds every metric, and neither functions, words, labels nor numbers', () => {
    expect(
      names(
        'histogram_quantile(0.99, sum by (le, topic) (rate(a_bucket{le=~"1|2"}[5m]))) > 1e3 and on (bot) max_over_time(b[1h:5m]) == 0',
      ),
    ).toEqual(['a_bucket', 'b']);
    expect(names('(x > 0 unless x offset 1h) or absent(y{service="z"}) or time() - max by (bot) (w) > 5')).toEqual([
      'x',
      'x',
      'y',
      'w',
    ]);
    expect(names('sum without (instance) (v) > bool 2')).toEqual(['v']);
  });

  it('takes a name that it does not know for a metric, so that a slip is found', () => {
    expect(names('onceline_retry_waitng > 0')).toEqual(['onceline_retry_waitng']);
    expect(names('vectr > up')).toEqual(['vectr', 'up']);
  });

  it('reads the matchers, braces and quotes in values included', () => {
    expect(selectorsOf('a{b="x{y}",c!~"\\\\.1h|\\"q\\""} == 1')).toEqual([
      {
        name: 'a',
        matchers: [
          { label: 'b', operator: '=', value: 'x{y}' },
          { label: 'c', operator: '!~', value: '\\.1h|\\"q\\"' },
        ],
      },
    ]);
  });
});

it('finds the labels that an expression groups and joins by', () => {
  expect(groupingLabels('sum by (bot, state) (a) / on (job) group_left (x) b')).toEqual(['bot', 'state', 'job', 'x']);
  expect(groupingLabels('sum(a)')).toEqual([]);
  expect(groupingLabels('a and on () sum(b)')).toEqual([]);
});

it('writes a selector as it was', () => {
  for (const text of ['a', 'a{b="1",c!~"x\\\\.y|z"}']) expect(selectorsOf(text).map(selectorText)).toEqual([text]);
});

it('knows which labels a grouping leaves, and that without one all are left', () => {
  expect(remainingLabels('histogram_quantile(0.9, sum by (le, topic) (rate(a[5m])))')).toEqual(['le', 'topic']);
  expect(remainingLabels('max(a)')).toEqual([]);
  expect(remainingLabels('sum(max by (finding) (a))')).toEqual([]);
  expect(remainingLabels('sum by (consumer) (max by (consumer, class) (a))')).toEqual(['consumer']);
  expect(remainingLabels('a and on (job) b')).toBeUndefined();
});

describe('matches', () => {
  const series = { topic: 'ticketing.retry.5s', known: 'true' };

  it.each([
    ['=', 'ticketing.retry.5s', true],
    ['=', 'ticketing.retry', false],
    ['!=', 'ticketing.retry.5s', false],
    ['=~', '.*\\.[0-9]+s', true],
    ['=~', 'retry', false],
    ['!~', '.*\\.[0-9]+m', true],
  ])('topic%s"%s" is %s', (operator, value, expected) => {
    expect(matches([{ label: 'topic', operator, value }], series)).toBe(expected);
  });

  it('asks for all matchers, and takes a label that is not there for an empty one', () => {
    const known = { label: 'known', operator: '=', value: 'false' };
    expect(matches([{ label: 'topic', operator: '!=', value: '' }, known], series)).toBe(false);
    expect(matches([{ label: 'nobody', operator: '=', value: '' }], series)).toBe(true);
  });
});
