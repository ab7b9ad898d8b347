import kafkajs from 'kafkajs';
import type { AuthenticationProviderArgs } from 'kafkajs';
import { saslMechanism } from './sasl.js';

const login = { username: 'ada', password: 'secret' };

/** What logging in ends in when the exchange with the broker ends in this. */
function outcome(mechanism: 'PLAIN' | 'SCRAM-SHA-512', exchangeEnd: Error): Promise<unknown> {
  const args = {
    host: 'a',
    port: 1,
    logger: { debug: () => undefined, error: () => undefined },
    saslAuthenticate: () => Promise.reject(exchangeEnd),
  } as unknown as AuthenticationProviderArgs;
  const { authenticationProvider } = saslMechanism({ mechanism, ...login });
  return authenticationProvider(args)
    .authenticate()
    .catch((error: unknown) => error);
}

describe.each(['PLAIN', 'SCRAM-SHA-512'] as const)('logging in with %s', (mechanism) => {
  it('fails with what broke the exchange, so that a lost connection is tried again', async () => {
    const lost = new kafkajs.KafkaJSConnectionError('Closed connection');
    expect(await outcome(mechanism, lost)).toBe(lost);
    const refused = new kafkajs.KafkaJSProtocolError({ type: 'SASL_AUTHENTICATION_FAILED', code: 58 } as never);
    expect(await outcome(mechanism, refused)).toBe(refused);
  });
});

it('a broker that cannot prove that it knows the password is refused, too', async () => {
  const args = {
    host: 'a',
    port: 1,
    logger: { debug: () => undefined, error: () => undefined },
    saslAuthenticate: () => Promise.resolve({ r: 'somebody else', i: '4096', s: '' }),
  } as unknown as AuthenticationProviderArgs;
  const authenticator = saslMechanism({ mechanism: 'SCRAM-SHA-512', ...login }).authenticationProvider(args);
  await expect(authenticator.authenticate()).rejects.toMatchObject({ name: 'KafkaJSSASLAuthenticationError' });
});
