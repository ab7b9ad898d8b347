/** How connections to Kafka and PostgreSQL are made safe: the only place that knows these settings. */
import type { KafkaLogin, KafkaOptions, KafkaTls } from '@onceline/kafka';
import { z } from 'zod';
import type { SettingProblem } from './config.js';
import { certificateFile, isPair, keyFile } from './pem-settings.js';

const TLS_MODES = ['off', 'verify', 'unverified'] as const;
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const satisfies readonly KafkaLogin['mechanism'][];

function tlsMode(server: string) {
  return z
    .enum(TLS_MODES, `must be one of ${TLS_MODES.join(', ')}`)
    .prefault('off')
    .describe(
      `verify to reach ${server} by TLS and check its certificate, unverified to take any certificate (refused with ` +
        'NODE_ENV=production), off for plain connections',
    );
}

const authorities = (server: string) =>
  certificateFile(
    `the path of a PEM file with the authorities that ${server} may have its certificate from; unset for those that Node.js trusts`,
  );

const ownCertificate = (server: string) =>
  certificateFile(`the path of a PEM file with the certificate that ${server} knows this client by`);

const ownKey = (certificate: string) =>
  keyFile(`the path of a PEM file with the private key of ${certificate}, without a passphrase`);

/** What whoever connects to Kafka reads beside the addresses. */
export const kafkaSecuritySettings = {
  KAFKA_TLS: tlsMode('the broker'),
  KAFKA_TLS_CA_FILE: authorities('the broker'),
  KAFKA_TLS_CERT_FILE: ownCertificate('the broker'),
  KAFKA_TLS_KEY_FILE: ownKey('KAFKA_TLS_CERT_FILE'),
  KAFKA_SASL_MECHANISM: z
    .enum(MECHANISMS, `must be one of ${MECHANISMS.join(', ')}`)
    .optional()
    .describe(`one of ${MECHANISMS.join(', ')} to log in at the broker; unset for nobody`),
  KAFKA_SASL_USERNAME: z.string().optional().describe('the user to log in as'),
  KAFKA_SASL_PASSWORD: z.string().optional().describe('the password of KAFKA_SASL_USERNAME'),
};

/** What whoever connects to PostgreSQL reads beside the address. */
export const databaseSecuritySettings = {
  DATABASE_TLS: tlsMode('the database'),
  DATABASE_TLS_CA_FILE: authorities('the database'),
  DATABASE_TLS_CERT_FILE: ownCertificate('the database'),
  DATABASE_TLS_KEY_FILE: ownKey('DATABASE_TLS_CERT_FILE'),
};

/** Settings of this file whose values no error may show. */
export const SECURITY_SECRETS: readonly string[] = ['KAFKA_SASL_PASSWORD'];

type Values<Settings extends z.ZodRawShape> = z.infer<z.ZodObject<Settings>>;

/** TLS and login for `connectKafka`. */
export function kafkaSecurity(
  config: Values<typeof kafkaSecuritySettings>,
): Pick<KafkaOptions, 'tls'> & Pick<KafkaOptions, 'sasl'> {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = config;
  const login = mechanism !== undefined && username !== undefined && password !== undefined;
  return {
    ...tlsOf(config.KAFKA_TLS, {
      ca: config.KAFKA_TLS_CA_FILE,
      cert: config.KAFKA_TLS_CERT_FILE,
      key: config.KAFKA_TLS_KEY_FILE,
    }),
    ...(login ? { sasl: { mechanism, username, password } } : {}),
  };
}

/** TLS for `connectPostgres`. */
export function databaseSecurity(config: Values<typeof databaseSecuritySettings>): { readonly tls?: KafkaTls } {
  return tlsOf(config.DATABASE_TLS, {
    ca: config.DATABASE_TLS_CA_FILE,
    cert: config.DATABASE_TLS_CERT_FILE,
    key: config.DATABASE_TLS_KEY_FILE,
  });
}

function tlsOf(
  mode: (typeof TLS_MODES)[number],
  { ca, cert, key }: { readonly [text in 'ca' | 'cert' | 'key']: string | undefined },
): { readonly tls?: KafkaTls } {
  if (mode === 'off') return {};
  return {
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      rejectUnauthorized: mode === 'verify',
    },
  };
}

type Problem = Omit<SettingProblem, 'value'>;
type Config = Readonly<Record<string, unknown>>;

/** What no setting can tell alone; for those that the program reads. */
export function securityProblems(config: Config, environment: NodeJS.ProcessEnv): SettingProblem[] {
  const isProduction = environment['NODE_ENV'] === 'production';
  const problems = [
    ...tlsProblems('KAFKA_TLS', config, isProduction),
    ...loginProblems(config, isProduction),
    ...tlsProblems('DATABASE_TLS', config, isProduction),
  ];
  return problems.map((problem) => {
    const value = environment[problem.setting] || undefined;
    return { ...problem, value: value && SECURITY_SECRETS.includes(problem.setting) ? '***' : value };
  });
}

function tlsProblems(tls: string, config: Config, isProduction: boolean): Problem[] {
  const mode = config[tls];
  const [ca, cert, key] = [`${tls}_CA_FILE`, `${tls}_CERT_FILE`, `${tls}_KEY_FILE`];
  const problems: Problem[] = [];
  const without = (setting: string, problem: string) =>
    problems.push({ setting, problem, fix: `set ${tls} to verify, or leave ${setting} out` });
  if (mode === 'off') {
    for (const setting of [ca, cert, key]) if (isSet(config, setting)) without(setting, `${tls} is off`);
    return problems;
  }
  if (mode === 'unverified' && isSet(config, ca)) without(ca, `nothing is checked with ${tls}=unverified`);
  if (mode === 'unverified' && isProduction) {
    const problem = 'anybody may pass for the server, and NODE_ENV is production';
    problems.push({ setting: tls, problem, fix: `set ${tls} to verify, and ${ca} to the authority of the server` });
  }
  return [...problems, ...pairProblems(config, cert, key)];
}

function pairProblems(config: Config, cert: string, key: string): Problem[] {
  if (isSet(config, cert) !== isSet(config, key)) {
    const [setting, other] = isSet(config, cert) ? [key, cert] : [cert, key];
    return [{ setting, problem: `${other} is set and is of no use alone`, fix: `set both, or leave ${other} out` }];
  }
  if (!isSet(config, cert) || isPair(String(config[cert]), String(config[key]))) return [];
  return [{ setting: key, problem: `it is not the key of ${cert}`, fix: 'take both from one pair' }];
}

function loginProblems(config: Config, isProduction: boolean): Problem[] {
  const [mechanism, user, password] = ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'];
  if (!isSet(config, mechanism)) {
    return [user, password]
      .filter((setting) => isSet(config, setting))
      .map((setting) => ({
        setting,
        problem: `${mechanism} is not set, so that nobody logs in`,
        fix: `set ${mechanism} to what the broker takes, or leave ${setting} out`,
      }));
  }
  const missing = [user, password].filter((setting) => !isSet(config, setting));
  const problems = missing.map((setting) => ({
    setting,
    problem: `it is needed with ${mechanism}`,
    fix: `set ${setting}, or leave ${mechanism} out`,
  }));
  if (config[mechanism] !== 'PLAIN' || config['KAFKA_TLS'] !== 'off' || !isProduction) return problems;
  const problem = 'the password is readable on the way without TLS, and NODE_ENV is production';
  return [...problems, { setting: mechanism, problem, fix: 'set KAFKA_TLS to verify, or use SCRAM' }];
}

function isSet(config: Config, setting: string): boolean {
  return config[setting] !== undefined;
}
