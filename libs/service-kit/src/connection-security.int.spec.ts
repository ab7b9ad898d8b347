/** The settings of safe connections, with files as they lie on a disk. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { z } from 'zod';
import { commonSettings, ConfigError, databaseSettings, readConfig, readConnectionSecurity } from './config.js';
import { databaseSecurity, kafkaSecurity } from './connection-security.js';

const schema = z.object({ ...commonSettings, ...databaseSettings });
const addresses = { KAFKA_BROKERS: 'a:9092', DATABASE_URL: 'postgres://a/b' };
const read = (changes: Record<string, string>) => readConfig(schema, { ...addresses, ...changes });

/** Setting and problem of all that is refused; the message is looked at for what must not be in it. */
function problemsOf(changes: Record<string, string>): string[] {
  try {
    read(changes);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).not.toContain('s3cret');
    return error.problems.map(({ setting, value, problem }) => `${setting}=${value ?? ''}: ${problem}`);
  }
  return [];
}

let folder: string;
let certificate: string;
let otherKey: string;
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onceline-spec-'));
  certificate = file('authority.crt', rootCertificates.slice(0, 2).join('\n'));
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  otherKey = file('other.key', privateKey);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const login = { KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', KAFKA_SASL_USERNAME: 'ada', KAFKA_SASL_PASSWORD: 's3cret' };

describe('what is set is what the connections get', () => {
  it('nothing: plain connections', () => {
    expect(kafkaSecurity(read({}))).toEqual({});
    expect(databaseSecurity(read({}))).toEqual({});
  });

  it('TLS, an authority and a login', () => {
    const config = read({ KAFKA_TLS: 'verify', KAFKA_TLS_CA_FILE: certificate, ...login });
    const ca = rootCertificates.slice(0, 2).join('\n');
    const sasl = { mechanism: 'SCRAM-SHA-512', username: 'ada', password: 's3cret' };
    expect(kafkaSecurity(config)).toEqual({ tls: { ca, rejectUnauthorized: true }, sasl });
    expect(databaseSecurity(read({ DATABASE_TLS: 'unverified' }))).toEqual({ tls: { rejectUnauthorized: false } });
  });

  it('and the same for programs that have the addresses from elsewhere', () => {
    expect(readConnectionSecurity({ DATABASE_TLS: 'verify', NODE_ENV: 'production' })).toEqual({
      kafka: {},
      database: { tls: { rejectUnauthorized: true } },
    });
    expect(() => readConnectionSecurity({ KAFKA_TLS: 'yes' })).toThrow(/KAFKA_TLS=yes: must be one of off, verify/);
  });
});

describe('what does not go together is refused, with all of it at once', () => {
  it('files without TLS', () => {
    expect(
      problemsOf({ KAFKA_TLS_CA_FILE: certificate, DATABASE_TLS: 'off', DATABASE_TLS_KEY_FILE: otherKey }),
    ).toEqual([
      `KAFKA_TLS_CA_FILE=${certificate}: KAFKA_TLS is off`,
      `DATABASE_TLS_KEY_FILE=${otherKey}: DATABASE_TLS is off`,
    ]);
  });

  it('an authority for nothing', () => {
    expect(problemsOf({ DATABASE_TLS: 'unverified', DATABASE_TLS_CA_FILE: certificate })).toEqual([
      `DATABASE_TLS_CA_FILE=${certificate}: nothing is checked with DATABASE_TLS=unverified`,
    ]);
  });

  it('half a pair, and two halves of different ones', () => {
    const tls = { KAFKA_TLS: 'verify' };
    expect(problemsOf({ ...tls, KAFKA_TLS_CERT_FILE: certificate })).toEqual([
      'KAFKA_TLS_KEY_FILE=: KAFKA_TLS_CERT_FILE is set and is of no use alone',
    ]);
    expect(problemsOf({ ...tls, KAFKA_TLS_CERT_FILE: certificate, KAFKA_TLS_KEY_FILE: otherKey })).toEqual([
      `KAFKA_TLS_KEY_FILE=${otherKey}: it is not the key of KAFKA_TLS_CERT_FILE`,
    ]);
  });

  it('half a login', () => {
    expect(problemsOf({ KAFKA_SASL_MECHANISM: 'PLAIN' })).toEqual([
      'KAFKA_SASL_USERNAME=: it is needed with KAFKA_SASL_MECHANISM',
      'KAFKA_SASL_PASSWORD=: it is needed with KAFKA_SASL_MECHANISM',
    ]);
    expect(problemsOf({ ...login, KAFKA_SASL_MECHANISM: '' })).toEqual([
      'KAFKA_SASL_USERNAME=ada: KAFKA_SASL_MECHANISM is not set, so that nobody logs in',
      'KAFKA_SASL_PASSWORD=***: KAFKA_SASL_MECHANISM is not set, so that nobody logs in',
    ]);
  });

  it('TLS in the address of the database', () => {
    const url = 'postgres://me:s3cret@host/db?sslmode=require';
    expect(problemsOf({ DATABASE_URL: url })).toEqual([
      'DATABASE_URL=postgres://me:***@host/db?sslmode=require: must say nothing of TLS: DATABASE_TLS does',
    ]);
    expect(problemsOf({ DATABASE_URL: 'postgres://host/db?application_name=x' })).toEqual([]);
  });

  it('what lets others listen in or pass for the server, in production', () => {
    const loose = { KAFKA_TLS: 'unverified', DATABASE_TLS: 'unverified' };
    expect(problemsOf(loose)).toEqual([]);
    expect(problemsOf({ ...loose, NODE_ENV: 'production' })).toEqual([
      'KAFKA_TLS=unverified: anybody may pass for the server, and NODE_ENV is production',
      'DATABASE_TLS=unverified: anybody may pass for the server, and NODE_ENV is production',
    ]);
    const plain = { ...login, KAFKA_SASL_MECHANISM: 'PLAIN', NODE_ENV: 'production' };
    expect(problemsOf(plain)).toEqual([
      'KAFKA_SASL_MECHANISM=PLAIN: the password is readable on the way without TLS, and NODE_ENV is production',
    ]);
    expect(problemsOf({ ...plain, KAFKA_TLS: 'verify' })).toEqual([]);
    expect(problemsOf({ ...login, NODE_ENV: 'production' })).toEqual([]);
  });
});

describe('a file is read at the start', () => {
  it.each([
    ['one that is not there', () => join(folder, 'no-such-file'), 'it cannot be read (ENOENT)'],
    ['a folder', () => folder, 'it cannot be read (EISDIR)'],
    ['an empty one', () => file('empty', ''), 'it holds no certificate in PEM form'],
    ['a key', () => otherKey, 'it holds no certificate in PEM form'],
    [
      'a certificate that was cut',
      () => file('cut.crt', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      'it holds no certificate in PEM form',
    ],
  ])('%s is no authority', (_, path, problem) => {
    const given = path();
    expect(problemsOf({ KAFKA_TLS: 'verify', KAFKA_TLS_CA_FILE: given })).toEqual([
      `KAFKA_TLS_CA_FILE=${given}: ${problem}`,
    ]);
  });

  it('a certificate is no key', () => {
    const files = { DATABASE_TLS_CERT_FILE: certificate, DATABASE_TLS_KEY_FILE: certificate };
    expect(problemsOf({ DATABASE_TLS: 'verify', ...files })).toEqual([
      `DATABASE_TLS_KEY_FILE=${certificate}: it holds no private key in PEM form that needs no passphrase`,
    ]);
  });
});
