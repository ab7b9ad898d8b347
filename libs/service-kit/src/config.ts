import { DEFAULT_PARTITIONS } from '@onceline/contracts';
import { z } from 'zod';
import {
  databaseSecurity,
  databaseSecuritySettings,
  kafkaSecurity,
  kafkaSecuritySettings,
  SECURITY_SECRETS,
  securityProblems,
} from './connection-security.js';
import { StartRefused } from './start-refused.js';
import { withoutPassword } from './without-password.js';

/** One wrong setting: what it is, what was given (masked when secret), what is wrong, how to mend it. */
export interface SettingProblem {
  readonly setting: string;
  /** Undefined when the setting is absent. */
  readonly value: string | undefined;
  readonly problem: string;
  readonly fix: string;
}

/** Thrown by {@link readConfig}; the message names every wrong setting at once, so that one start shows all that has to be mended. */
export class ConfigError extends StartRefused {
  constructor(readonly problems: readonly SettingProblem[]) {
    super(['The configuration is wrong:', ...problems.map(problemLine)].join('\n'));
    this.name = 'ConfigError';
  }
}

function problemLine({ setting, value, problem, fix }: SettingProblem): string {
  const given = value === undefined ? `${setting} is not set` : `${setting}=${value}`;
  return `  ${given}: ${problem}. Fix: ${fix}`;
}

/**
 * Checks the environment against the schema of a service. An empty value counts as not set; settings that the schema does
 * not name are left alone. Values of `secrets` never appear in the error. Whether the settings of connections go together is checked here
 * for all.
 */
export function readConfig<S extends z.ZodObject>(
  schema: S,
  environment: NodeJS.ProcessEnv,
  options: { secrets?: readonly string[] } = {},
): z.infer<S> {
  const names = Object.keys(schema.shape);
  const given = Object.fromEntries(
    names.map((name) => [name, environment[name] === '' ? undefined : environment[name]]),
  );
  const result = schema.safeParse(given);
  if (result.success) return withSafeConnections(result.data, environment);
  const secrets = [...(options.secrets ?? []), ...SECURITY_SECRETS];
  const descriptions = new Map(describeSettings(schema).map((setting) => [setting.name, setting]));
  throw new ConfigError(
    result.error.issues.map((issue) => {
      const setting = String(issue.path[0] ?? names.join(', '));
      const value = given[setting];
      return {
        setting,
        value: value === undefined ? undefined : secrets.includes(setting) ? '***' : withoutPassword(setting, value),
        problem: value === undefined && issue.code === 'invalid_type' ? 'it is required' : issueText(issue),
        fix: fixFor(setting, descriptions.get(setting)),
      };
    }),
  );
}

function withSafeConnections<T extends object>(config: T, environment: NodeJS.ProcessEnv): T {
  const problems = securityProblems(config as Readonly<Record<string, unknown>>, environment);
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** TLS and login alone: for programs that are told the addresses in another way. @throws ConfigError */
export function readConnectionSecurity(environment: NodeJS.ProcessEnv) {
  const schema = z.object({ ...kafkaSecuritySettings, ...databaseSecuritySettings });
  const config = readConfig(schema, environment);
  return { kafka: kafkaSecurity(config), database: databaseSecurity(config) };
}

/** `path.inside.value: message`; the message is zod's or the schema's own, without its closing full stop. */
function issueText(issue: { path: PropertyKey[]; message: string }): string {
  const inside = issue.path.slice(1).map(String).join('.');
  return (inside === '' ? '' : `${inside}: `) + issue.message.replace(/\.$/, '');
}

function fixFor(setting: string, described: SettingDescription | undefined): string {
  const meaning = described?.description ?? 'see docs/configuration.md';
  const fallback = described?.default === undefined ? '' : `, or leave it out for ${described.default}`;
  return `set ${setting} to ${meaning}${fallback}`;
}

/** One row of docs/configuration.md. */
export interface SettingDescription {
  readonly name: string;
  readonly required: boolean;
  /** Default as text; undefined when there is none. */
  readonly default: string | undefined;
  /** From `.describe()` or `.meta()`: completes the sentence "set NAME to …". */
  readonly description: string | undefined;
}

/** Lists a schema's settings, so that the documentation can be tested against it. */
export function describeSettings(schema: z.ZodObject): readonly SettingDescription[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const absent = z.safeParse(field, undefined);
    return {
      name,
      required: !absent.success,
      default: absent.success && absent.data !== undefined ? defaultText(absent.data) : undefined,
      description: (field as z.ZodType).description,
    };
  });
}

function defaultText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : JSON.stringify(value);
}

/** Bounds and default of a {@link wholeNumber}; `description` completes the sentence "set NAME to …". */
export interface WholeNumberOptions {
  readonly min: number;
  readonly max?: number;
  readonly default?: number;
  readonly description: string;
}

/** A whole number given as text, within bounds; required when it has no default. */
export function wholeNumber(options: WholeNumberOptions): z.ZodType<number> {
  const { min, max = Number.MAX_SAFE_INTEGER } = options;
  const bounds = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `from ${min} to ${max}`;
  const number = z
    .string()
    .trim()
    .regex(/^-?\d+$/, `must be a whole number ${bounds}`)
    .transform(Number)
    .pipe(z.number().min(min, `must be ${bounds}`).max(max, `must be ${bounds}`));
  const described = `${options.description} (a whole number ${bounds})`;
  return (options.default === undefined ? number : number.prefault(String(options.default))).describe(described);
}

/** The port of the HTTP server, with the service's own default. */
export function portSetting(defaultPort: number): z.ZodType<number> {
  return wholeNumber({
    min: 0,
    max: 65_535,
    default: defaultPort,
    description: 'the port to listen on, 0 for any free one',
  });
}

/** The id of a consumer group, within Kafka's own limit; `description` completes the sentence "set NAME to …". */
export function groupIdSetting(defaultId: string, description: string) {
  return z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(255, 'must be at most 255 characters')
    .prefault(defaultId)
    .describe(description);
}

const databaseUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol),
    'must be a postgres:// address',
  )
  .refine(
    (text) => !URL.canParse(text) || ![...new URL(text).searchParams.keys()].some((name) => name.startsWith('ssl')),
    'must say nothing of TLS: DATABASE_TLS does',
  )
  .describe('the address of the database, e.g. postgres://user:password@127.0.0.1:5432/onceline');

/** How a service reaches its PostgreSQL. */
export const databaseSettings = { DATABASE_URL: databaseUrl, ...databaseSecuritySettings };

const BROKER = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/;

function isBroker(text: string): boolean {
  const match = BROKER.exec(text);
  return match !== null && Number(match[2]) >= 1 && Number(match[2]) <= 65_535;
}

const brokers = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
  )
  .pipe(z.array(z.string().refine(isBroker, 'must be host:port')).min(1, 'must name at least one broker'))
  .describe('a comma-separated list of brokers, each host:port, e.g. 127.0.0.1:9092');

const ratio = z
  .string()
  .trim()
  .regex(/^\d*\.?\d+$/, 'must be a number from 0 to 1')
  .transform(Number)
  .pipe(z.number().min(0, 'must be from 0 to 1').max(1, 'must be from 0 to 1'));

const tracingSettings = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'must be an http or https address' })
    .optional()
    .describe('the base address of an OTLP receiver, e.g. http://127.0.0.1:4318; unset turns tracing off'),
  TRACE_SAMPLE_RATIO: ratio
    .prefault('1')
    .describe('the share of new traces to record, from 0 to 1; what fails is recorded beside it'),
};

/** What every service reads; spread it into the schema of a service: `z.object({ ...commonSettings, PORT: portSetting(8081), … })`. */
export const commonSettings = {
  KAFKA_BROKERS: brokers,
  ...kafkaSecuritySettings,
  PORT: portSetting(8080),
  HOST: z.string().prefault('127.0.0.1').describe('the address to listen on; 0.0.0.0 for every interface'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .prefault('info')
    .describe('one of trace, debug, info, warn, error, fatal, silent'),
  PARTITIONS: wholeNumber({
    min: 1,
    max: 10_000,
    default: DEFAULT_PARTITIONS,
    description: 'the partition count the update topics were created with',
  }),
  ...tracingSettings,
  SHUTDOWN_TIMEOUT_MS: wholeNumber({
    min: 1,
    default: 20_000,
    description: 'the milliseconds an ordered stop may take before the process exits with 1',
  }),
};

/** Tracing as it was set. */
export interface TracingConfig {
  /** Base address of the OTLP receiver. */
  readonly endpoint: string;
  readonly sampleRatio: number;
}

/** Tracing as the preloaded telemetry module needs it; undefined when it is off or wrongly set (the service itself then says so). */
export function readTracingConfig(): TracingConfig | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT, TRACE_SAMPLE_RATIO } = process.env;
  const result = z.object(tracingSettings).safeParse({
    OTEL_EXPORTER_OTLP_ENDPOINT: OTEL_EXPORTER_OTLP_ENDPOINT || undefined,
    TRACE_SAMPLE_RATIO: TRACE_SAMPLE_RATIO || undefined,
  });
  if (!result.success || result.data.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return undefined;
  return { endpoint: result.data.OTEL_EXPORTER_OTLP_ENDPOINT, sampleRatio: result.data.TRACE_SAMPLE_RATIO };
}
