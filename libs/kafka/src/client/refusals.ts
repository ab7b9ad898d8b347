/** What a person has to mend before the broker and this client talk: who trusts whom, who logs in how, who may do what. */
import { tlsRefusal, type Refusal } from '@onceline/retry-policy';
import type { ClientError } from './client-errors.js';

const LOGIN_FAILED: Refusal = {
  why: 'it does not accept user and password',
  fix: 'correct KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD, or KAFKA_SASL_MECHANISM',
};

const NOT_ALLOWED: Refusal = {
  why: 'it does not let this user do that',
  fix: 'give the user the right, or set KAFKA_SASL_USERNAME to one that has it',
};

const BY_TYPE: Readonly<Record<string, Refusal>> = {
  SASL_AUTHENTICATION_FAILED: LOGIN_FAILED,
  UNSUPPORTED_SASL_MECHANISM: {
    why: 'it does not take this way to log in',
    fix: 'set KAFKA_SASL_MECHANISM to one that it takes',
  },
  ILLEGAL_SASL_STATE: {
    why: 'nobody logs in on this listener',
    fix: 'leave KAFKA_SASL_MECHANISM out, or set KAFKA_BROKERS to the listener for it',
  },
  TOPIC_AUTHORIZATION_FAILED: NOT_ALLOWED,
  GROUP_AUTHORIZATION_FAILED: NOT_ALLOWED,
  CLUSTER_AUTHORIZATION_FAILED: NOT_ALLOWED,
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: NOT_ALLOWED,
};

/** The refusal in a chain of causes; undefined when there is none. */
export function refusalIn(causes: readonly ClientError[]): Refusal | undefined {
  for (const cause of causes) {
    const refusal = brokersRefusal(cause) ?? tlsRefusal(withoutPrefix(cause), 'KAFKA');
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function brokersRefusal({ type, name, message = '' }: ClientError): Refusal | undefined {
  const known = type !== undefined && Object.hasOwn(BY_TYPE, type) ? BY_TYPE[type] : undefined;
  const refusal = known ?? (name === 'KafkaJSSASLAuthenticationError' ? LOGIN_FAILED : undefined);
  return refusal && { why: `${refusal.why} (${message})`, fix: refusal.fix };
}

/** The client puts its own words before those of TLS. */
function withoutPrefix({ code, message = '' }: ClientError): Error {
  return Object.assign(new Error(message.replace(/^Connection error: /, '')), { code });
}
