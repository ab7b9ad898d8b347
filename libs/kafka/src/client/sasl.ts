/**
 * Logging in, with kafkajs's own mechanisms. They put whatever goes wrong into one error that is never tried again, also a connection
 * that broke in the middle: here it comes out as what it was.
 */
import { createRequire } from 'node:module';
import type { AuthenticationProviderArgs, Authenticator, Mechanism } from 'kafkajs';
import type { KafkaLogin } from '../port.js';

const require = createRequire(import.meta.url);

type Provider = (login: {
  readonly username: string;
  readonly password: string;
}) => (args: AuthenticationProviderArgs) => Authenticator;

const PROVIDERS: Readonly<Record<KafkaLogin['mechanism'], string>> = {
  PLAIN: 'plain.js',
  'SCRAM-SHA-256': 'scram256.js',
  'SCRAM-SHA-512': 'scram512.js',
};

/** The login as an option of the client. */
export function saslMechanism({ mechanism, username, password }: KafkaLogin): Mechanism {
  const provider = require(`kafkajs/src/broker/saslAuthenticator/${PROVIDERS[mechanism]}`) as Provider;
  const authenticatorFor = provider({ username, password });
  return { mechanism, authenticationProvider: (args) => keepingCauses(args, authenticatorFor) };
}

function keepingCauses(
  args: AuthenticationProviderArgs,
  authenticatorFor: (args: AuthenticationProviderArgs) => Authenticator,
): Authenticator {
  let cause: unknown;
  const saslAuthenticate: AuthenticationProviderArgs['saslAuthenticate'] = async (exchange) => {
    try {
      return await args.saslAuthenticate(exchange);
    } catch (error) {
      cause = error;
      throw error;
    }
  };
  const authenticator = authenticatorFor({ ...args, saslAuthenticate });
  return {
    authenticate: async () => {
      try {
        await authenticator.authenticate();
      } catch (error) {
        throw cause ?? error;
      }
    },
  };
}
