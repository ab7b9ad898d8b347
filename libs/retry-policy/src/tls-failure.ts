/** What a broken TLS connection is about. All of it is about certificates and settings: waiting alone mends none. */
export type TlsTrouble = 'untrusted' | 'expired' | 'other-name' | 'client-certificate' | 'no-tls' | 'handshake';

/** How Node and OpenSSL name what they find wrong. */
const TROUBLES: Readonly<Record<string, TlsTrouble>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'untrusted',
  CERT_SIGNATURE_FAILURE: 'untrusted',
  CERT_UNTRUSTED: 'untrusted',
  CERT_REJECTED: 'untrusted',
  CERT_REVOKED: 'untrusted',
  INVALID_CA: 'untrusted',
  INVALID_PURPOSE: 'untrusted',
  PATH_LENGTH_EXCEEDED: 'untrusted',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'other-name',
  HOSTNAME_MISMATCH: 'other-name',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'no-tls',
  ERR_SSL_WRONG_VERSION_NUMBER: 'no-tls',
  ERR_SSL_HTTP_REQUEST: 'no-tls',
};

/** What the other side says is wrong with us; the versions of OpenSSL put different words before it. */
const CERTIFICATE_ALERT =
  /^ERR_SSL_.+_ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(EXPIRED|REQUIRED|REVOKED|UNKNOWN)|ACCESS_DENIED|UNKNOWN_CA)$/;

/** Of pg, which gives it no code. */
const NO_TLS_AT_POSTGRES = 'The server does not support SSL connections';

/** What is wrong between the two sides of a TLS connection; undefined when the error is about something else. */
export function tlsTrouble(error: unknown): TlsTrouble | undefined {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code !== 'string') return message === NO_TLS_AT_POSTGRES ? 'no-tls' : undefined;
  if (Object.hasOwn(TROUBLES, code)) return TROUBLES[code];
  if (CERTIFICATE_ALERT.test(code)) return 'client-certificate';
  return /^ERR_(SSL|TLS)_/.test(code) ? 'handshake' : undefined;
}

/** A server that does not let us in, or that we do not trust: what is wrong, and what to do. */
export interface Refusal {
  readonly why: string;
  readonly fix: string;
}

/** The settings of one server begin alike; the second one names its address. */
const SERVERS = {
  KAFKA: { address: 'KAFKA_BROKERS', names: 'and in the listeners that the brokers advertise' },
  DATABASE: { address: 'DATABASE_URL', names: '' },
} as const;

/** What an operator is told of a broken TLS connection to a server; undefined when the error is about something else. */
export function tlsRefusal(error: unknown, server: keyof typeof SERVERS): Refusal | undefined {
  const trouble = tlsTrouble(error);
  if (trouble === undefined) return undefined;
  const { why, fix } = adviceOn(trouble, server);
  return { why: `${why} (${wordsOf(error)})`, fix };
}

/** OpenSSL puts function, file and line around the few words that tell something. */
function wordsOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] ?? message;
}

function adviceOn(trouble: TlsTrouble, server: keyof typeof SERVERS): Refusal {
  const { address, names } = SERVERS[server];
  const tls = `${server}_TLS`;
  switch (trouble) {
    case 'untrusted':
      return {
        why: 'its certificate is not from an authority that is trusted here',
        fix: `set ${tls}_CA_FILE to the certificate of the authority that signed it`,
      };
    case 'expired':
      return {
        why: 'its certificate is not valid at this time',
        fix: 'renew the certificate of the server, or set the clock of this machine',
      };
    case 'other-name':
      return {
        why: 'its certificate is for another name',
        fix: `use a name that the certificate holds, in ${[address, names].filter(Boolean).join(' ')}`,
      };
    case 'client-certificate':
      return {
        why: 'it wants a certificate of this client that it trusts',
        fix: `set ${tls}_CERT_FILE and ${tls}_KEY_FILE to one that its authority signed`,
      };
    case 'no-tls':
      return { why: 'it does not speak TLS', fix: `set ${tls} to off, or ${address} to where it does` };
    case 'handshake':
      return {
        why: 'no TLS connection came about',
        fix: `compare the settings ${tls}… with what the server asks for`,
      };
  }
}
