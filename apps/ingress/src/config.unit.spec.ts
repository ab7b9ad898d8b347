import { ConfigError, type SettingProblem } from '@onceline/service-kit';
import { parseBots, readIngressConfig, readWebhookConfig } from './config.js';

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

describe('the settings of the webhook watch', () => {
  const token = '1000001:AAF-planted-token-of-a-bot-000000000';
  const watching = { ...minimal, BOT_TOKENS: token, PUBLIC_URL: 'https://support.example.com' };

  it('leave it off without a token', () => {
    expect(readIngressConfig(minimal)).toMatchObject({ BOT_TOKENS: undefined });
  });

  it('have defaults for the rest', () => {
    expect(readIngressConfig(watching)).toMatchObject({
      WEBHOOK_MAX_CONNECTIONS: 40,
      WEBHOOK_WATCH_INTERVAL_MS: 30_000,
      WEBHOOK_UPDATE_BYTES: 2_048,
      BOT_API_URL: 'https://api.telegram.org',
      BOT_API_TIMEOUT_MS: 10_000,
    });
  });

  it.each([
    ['PUBLIC_URL', '', 'it is needed with BOT_TOKENS'],
    ['PUBLIC_URL', 'http://support.example.com', 'must be an https address'],
    ['PUBLIC_URL', 'https://support.example.com:8080', 'must have port 443, 80, 88 or 8443'],
    ['PUBLIC_URL', 'https://[2001:db8::1]', 'Telegram has no IPv6'],
    ['PUBLIC_URL', 'https://support.example.com/?a=b', 'must have no user, query and fragment'],
    ['BOT_TOKENS', ',', 'must name at least one token'],
    ['BOT_TOKENS', '1000003:AAF-planted-token-of-a-bot-000000000', 'token [0] is that of bot 1000003, which BOTS'],
    ['BOT_TOKENS', 'AAF-planted-token-of-a-bot-000000000:1000001', 'token [0]: must be the token as BotFather gave it'],
    ['BOT_TOKENS', `${token},${token}`, 'token [1]: the same bot as [0]'],
    ['WEBHOOK_ALLOWED_UPDATES', 'message,mesage', 'there is no kind mesage'],
    ['WEBHOOK_ALLOWED_UPDATES', ' , ', 'must name at least one kind'],
    ['WEBHOOK_MAX_CONNECTIONS', '101', 'must be from 1 to 100'],
    ['WEBHOOK_WATCH_INTERVAL_MS', '10', 'must be from 1000'],
    ['WEBHOOK_REPAIR', 'lost,all', 'must be some of lost, foreign, drifted'],
    ['WEBHOOK_UPDATE_BYTES', '0', 'must be from 1'],
    ['BOT_API_URL', 'ftp://api.telegram.org', 'must be an http or https address'],
    ['BOT_API_TIMEOUT_MS', '1', 'must be from 100'],
  ])('refuse %s=%s by its name: %s', (setting, value, problem) => {
    const problems = problemsOf({ ...watching, [setting]: value });
    expect(problems).toEqual([expect.objectContaining({ setting, problem: expect.stringContaining(problem) })]);
    expect(problems[0]?.fix).toMatch(new RegExp(`^set ${setting} to `));
    expect(JSON.stringify(problems)).not.toContain('AAF-planted');
  });

  it('are all needed by the command, which says so with the fix', () => {
    expect(() => readWebhookConfig({ BOTS: twoBots })).toThrow(
      /BOT_TOKENS is not set: it is required. Fix: set BOT_TOKENS to a comma-separated list of bot tokens[^]*PUBLIC_URL is not set/,
    );
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
