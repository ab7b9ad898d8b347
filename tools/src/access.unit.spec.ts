import { parseAccess, UsageError } from './access.js';

const running = {
  ingress: 'http://127.0.0.1:8080/',
  dedupe: 'http://127.0.0.1:8081',
  ticketing: 'http://127.0.0.1:8082',
  kafka: ['127.0.0.1:9092'],
  database: 'postgres://onceline@127.0.0.1:5432/onceline',
  bots: [{ id: 1000001, secret: 'demo-secret' }],
  tokens: { viewer: 'v', agent: 'a', admin: 'x' },
  pids: { ingress: 12 },
};
const parse = (change: object) => parseAccess('access.json', JSON.stringify({ ...running, ...change }));

describe('the access file', () => {
  it('is read with plain addresses and ids as text', () => {
    expect(parse({})).toMatchObject({
      ingress: 'http://127.0.0.1:8080',
      retry: undefined,
      kafka: ['127.0.0.1:9092'],
      bots: [{ id: '1000001', secret: 'demo-secret' }],
      tokens: running.tokens,
      pids: { ingress: 12 },
    });
  });

  it('takes brokers as one text, too', () => {
    expect(parse({ kafka: 'a:1, b:2' }).kafka).toEqual(['a:1', 'b:2']);
  });

  it.each([
    [{ ingress: 'here' }, /"ingress" is not an address/],
    [{ ticketing: undefined }, /"ticketing" is not an address/],
    [{ database: undefined }, /"database" is not an address/],
    [{ kafka: [] }, /"kafka" names no broker/],
    [{ bots: [] }, /"bots" names no bot/],
    [{ bots: [{ id: '1' }] }, /"bots" needs an id and a secret/],
    [{ tokens: { viewer: 'v' } }, /"tokens" needs viewer, agent and admin/],
  ])('%j is refused with the way out', (change, message) => {
    expect(() => parse(change)).toThrow(message);
    expect(() => parse(change)).toThrow(/npm start/);
    expect(() => parse(change)).toThrow(UsageError);
  });

  it.each(['', '[]', '{'])('%j is refused', (text) => {
    expect(() => parseAccess('access.json', text)).toThrow(UsageError);
  });
});
