import kafkajs from 'kafkajs';
import { KafkaError } from '../errors.js';
import { toKafkaError } from './client-errors.js';

const protocolError = (type: string, code: number, retriable: boolean) =>
  new kafkajs.KafkaJSProtocolError({ name: '', message: type, type, code, retriable } as never);
const wrapped = (cause: Error) => Object.assign(new kafkajs.KafkaJSNonRetriableError(cause), { cause });

describe('toKafkaError', () => {
  it.each([
    ['INVALID_PRODUCER_EPOCH', 47, 'fenced'],
    ['INVALID_PRODUCER_ID_MAPPING', 49, 'fenced'],
    ['MESSAGE_TOO_LARGE', 10, 'record-too-large'],
    ['RECORD_LIST_TOO_LARGE', 18, 'record-too-large'],
    ['UNKNOWN_TOPIC_OR_PARTITION', 3, 'topic-mismatch'],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 45, 'client'],
  ])('%s (%i) is %s, however deep it lies', (type, code, expected) => {
    expect(toKafkaError(protocolError(type, code, false), 'x').code).toBe(expected);
    expect(toKafkaError(wrapped(wrapped(protocolError(type, code, false))), 'x').code).toBe(expected);
  });

  it('knows the fence that newer brokers name', () => {
    const error = new kafkajs.KafkaJSProtocolError({
      message: 'Unknown error code 90',
      type: 'KAFKAJS_UNKNOWN_ERROR_CODE',
      code: -99,
    } as never);
    expect(toKafkaError(error, 'x').code).toBe('fenced');
  });

  it.each([
    new kafkajs.KafkaJSConnectionError('refused'),
    wrapped(new kafkajs.KafkaJSConnectionError('refused')),
    new kafkajs.KafkaJSRequestTimeoutError('late', {} as never),
    protocolError('NOT_ENOUGH_REPLICAS', 19, true),
    wrapped(protocolError('LEADER_NOT_AVAILABLE', 5, true)),
  ])('calls %s unavailable, and says what was being done and why it failed', (error) => {
    const failure = toKafkaError(error, 'writing');
    expect(failure.code).toBe('unavailable');
    expect(failure.canRetry).toBe(true);
    expect(failure.message).toMatch(/^writing: (refused|late|NOT_ENOUGH_REPLICAS|LEADER_NOT_AVAILABLE)$/);
    expect(failure.cause).toBe(error);
  });

  it.each([
    [protocolError('SASL_AUTHENTICATION_FAILED', 58, false), 'KAFKA_SASL_PASSWORD'],
    [protocolError('UNSUPPORTED_SASL_MECHANISM', 33, false), 'set KAFKA_SASL_MECHANISM to'],
    [protocolError('ILLEGAL_SASL_STATE', 34, false), 'leave KAFKA_SASL_MECHANISM out'],
    [protocolError('CLUSTER_AUTHORIZATION_FAILED', 31, false), 'give the user the right'],
    [
      Object.assign(new Error('Topic creation errors'), {
        errors: [protocolError('TOPIC_AUTHORIZATION_FAILED', 29, false)],
      }),
      'give the user the right',
    ],
    [Object.assign(new Error('no proof'), { name: 'KafkaJSSASLAuthenticationError' }), 'KAFKA_SASL_PASSWORD'],
    [new kafkajs.KafkaJSConnectionError('Connection error: x', { code: 'CERT_HAS_EXPIRED' }), 'renew the cert'],
    [new kafkajs.KafkaJSConnectionError('x', { code: 'SELF_SIGNED_CERT_IN_CHAIN' }), 'KAFKA_TLS_CA_FILE'],
  ])('a refusal (%s) is not tried again, and its message names the setting', (error, fix) => {
    for (const failure of [toKafkaError(error, 'connecting'), toKafkaError(wrapped(wrapped(error)), 'connecting')]) {
      expect(failure).toMatchObject({ code: 'refused', canRetry: false });
      expect(failure.message).toMatch(/^connecting: the broker is reached, but .+ \(.+\)\. Fix: /);
      expect(failure.message).toContain(fix);
      expect(failure.message).not.toContain('Connection error');
    }
  });

  it('a TLS connection that breaks before it stands is a broker that is away', () => {
    const error = new kafkajs.KafkaJSConnectionError('Connection error: cut', { code: 'ECONNRESET' });
    expect(toKafkaError(error, 'x').code).toBe('unavailable');
  });

  it('leaves our own errors alone, and takes what is not even an error', () => {
    const own = new KafkaError('fenced', 'x');
    expect(toKafkaError(own, 'y')).toBe(own);
    expect(toKafkaError('text', 'y')).toMatchObject({ code: 'client', message: 'y: text' });
  });
});
