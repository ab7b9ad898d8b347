import { ConfigError, type SettingProblem } from '@onceline/service-kit';
import { parseBots, readIngressConfig } from './config.js';

const twoBots = '[{"id":"1000001","secrets":["current","previous"]},{"id":"1000002","secrets":["other"]}]';
const minimal = { KAFKA_BROKERS: '127.0.0.1:9092', BOTS: twoBots };

function problemsOf(settings: Record<string, string>): readonly SettingProblem[] {
  try {
    readIngressConfig(settings);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the settings of the ingress', () => {
  it('need brokers and bots, the rest has its default', () => {
    expect(readIngressConfig(minimal)).toMatchObject({
      BOTS: [
        { id: '1000001', secrets: ['current', 'previous'] },
        { id: '1000002', secrets: ['other'] },
      ],
      PORT: 8080,
      PRODUCE_TIMEOUT_MS: 5_000,
      MAX_IN_FLIGHT_REQUESTS: 2_000,
      MAX_IN_FLIGHT_BYTES: 67_108_864,
      RECEIVE_TIMEOUT_MS: 10_000,
      KEEP_ALIVE_MS: 75_000,
    });
    expect(problemsOf({}).map(({ setting }) => setting)).toEqual(expect.arrayContaining(['KAFKA_BROKERS', 'BOTS']));
  });

  it.each([
    ['KEEP_ALIVE_MS', '60000'],
    ['RECEIVE_TIMEOUT_MS', '0'],
    ['PRODUCE_TIMEOUT_MS', '50'],
    ['MAX_IN_FLIGHT_REQUESTS', 'many'],
    ['MAX_IN_FLIGHT_BYTES', '1000'],
    ['SHUTDOWN_TIMEOUT_MS', '5000'],
  ])('refuse %s=%s by its name', (setting, value) => {
    expect(problemsOf({ ...minimal, [setting]: value })).toEqual([expect.objectContaining({ setting, value })]);
  });

  it('never show a secret in an error', () => {
    const [problem] = problemsOf({ ...minimal, BOTS: '[{"id":"1","secrets":["not allowed!"]}]' });
    expect(problem?.setting).toBe('BOTS');
    expect(JSON.stringify(problem)).not.toContain('not allowed!');
  });
});

describe('BOTS', () => {
  it.each([
    ['no JSON', 'must be a JSON list with at least one bot'],
    ['{"id":"1","secrets":["a"]}', 'must be a JSON list with at least one bot'],
    ['[]', 'must be a JSON list with at least one bot'],
    ['[{"id":1000001,"secrets":["a"]}]', 'bot [0].id: use the bot id as text'],
    [
      '[{"id":"1","secrets":["a"]},{"id":"1000001:AAE","secrets":["a"]}]',
      'bot [1].id: use the digits before the colon',
    ],
    ['[{"id":"1"}]', 'bot [0].secrets: use a list of secrets'],
    ['[{"id":"1","secrets":[]}]', 'bot [0].secrets: name at least one secret'],
    ['[{"id":"1","secrets":["a","b c"]}]', 'bot [0].secrets[1]: use 1 to 256 characters'],
    [`[{"id":"1","secrets":["${'a'.repeat(257)}"]}]`, 'bot [0].secrets[0]: use 1 to 256 characters'],
    ['[{"id":"1","secrets":["a"],"token":"x"}]', 'bot [0]: Unrecognized key: "token"'],
    ['[null]', 'bot [0]:'],
    [
      '[{"id":"1","secrets":["a"]},{"id":"2","secrets":["b"]},{"id":"1","secrets":["c"]}]',
      'bot [2].id: the same bot as [0]',
    ],
  ])('%s is refused: %s', (text, problem) => {
    expect(parseBots(text).problems).toEqual([expect.stringContaining(problem)]);
  });

  it('names every problem at once', () => {
    expect(parseBots('[{"id":"x","secrets":[]},{"id":"2","secrets":["ö"]}]').problems).toHaveLength(3);
  });
});
