import { transactionVerdict } from './database-failure.js';
import { tlsRefusal, tlsTrouble } from './tls-failure.js';

const coded = (code: string) => Object.assign(new Error('some words'), { code });

describe('a TLS connection that did not come about', () => {
  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', 'set KAFKA_TLS_CA_FILE to', 'set DATABASE_TLS_CA_FILE to'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'set KAFKA_TLS_CA_FILE to', 'set DATABASE_TLS_CA_FILE to'],
    ['CERT_HAS_EXPIRED', 'renew the certificate', 'renew the certificate'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'in KAFKA_BROKERS and in the listeners', 'in DATABASE_URL'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'KAFKA_TLS_CERT_FILE and', 'DATABASE_TLS_CERT_FILE and'],
    ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'KAFKA_TLS_CERT_FILE and', 'DATABASE_TLS_CERT_FILE and'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'KAFKA_TLS to off, or KAFKA_BROKERS', 'DATABASE_TLS to off, or DATABASE_URL'],
    ['ERR_SSL_NO_PROTOCOLS_AVAILABLE', 'KAFKA_TLS…', 'DATABASE_TLS…'],
  ])('%s names the setting to look at', (code, kafka, database) => {
    expect(tlsRefusal(coded(code), 'KAFKA')?.fix).toContain(kafka);
    expect(tlsRefusal(coded(code), 'DATABASE')?.fix).toContain(database);
  });

  it('says what was found, without the places in the code of OpenSSL', () => {
    expect(tlsRefusal(coded('CERT_HAS_EXPIRED'), 'KAFKA')?.why).toBe(
      'its certificate is not valid at this time (some words)',
    );
    const message =
      '40:error:0A000412:SSL routines:ssl3_read_bytes:tls alert:../record/rec_layer_s3.c:918:SSL alert number 42\n';
    const error = Object.assign(new Error(message), { code: 'ERR_SSL_X' });
    expect(tlsRefusal(error, 'DATABASE')?.why).toBe('no TLS connection came about (tls alert)');
  });

  it('is what pg says of a server without TLS', () => {
    expect(tlsTrouble(new Error('The server does not support SSL connections'))).toBe('no-tls');
  });

  it('is no fault of a record: what runs already waits for the database', () => {
    expect(transactionVerdict(coded('CERT_HAS_EXPIRED'))).toBe('wait');
    expect(transactionVerdict(new Error('The server does not support SSL connections'))).toBe('wait');
  });

  it.each([
    ['a connection that was cut', coded('ECONNRESET')],
    ['a wrong password', coded('28P01')],
    ['a property of every object', coded('constructor')],
    ['the words alone', new Error('ERR_SSL_X')],
    ['nothing', undefined],
    ['null', null],
    ['a text', 'CERT_HAS_EXPIRED'],
  ])('is not %s', (_, error) => {
    expect(tlsTrouble(error)).toBeUndefined();
    expect(tlsRefusal(error, 'KAFKA')).toBeUndefined();
  });
});
