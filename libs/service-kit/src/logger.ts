import { isSpanContextValid, trace } from '@opentelemetry/api';
import { pino, stdTimeFunctions, type Logger as PinoLogger } from 'pino';
import type { LoggerService } from '@nestjs/common';
import type { ClientLogEntry } from '@onceline/kafka';
import { logOutput } from './log-output.js';
import { toldError } from './told-error.js';

/** A pino logger: `logger.info({ field: value }, 'message')`. */
export type Logger = PinoLogger;

/** JSON lines on standard output, written at once, with the ids of the active span unless a line brings its own. */
export function createLogger(service: string, level: string): Logger {
  return pino(
    {
      level,
      base: { service },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => toldError(error) },
      mixin: activeSpanIds,
    },
    logOutput(),
  );
}

function activeSpanIds(): object {
  const context = trace.getActiveSpan()?.spanContext();
  if (context === undefined || !isSpanContextValid(context)) return {};
  return { trace_id: context.traceId, span_id: context.spanId };
}

/** The Kafka client's own lines as lines of our log: `connectKafka({ …, log: kafkaLog(logger) })`. */
export function kafkaLog(logger: Logger): (entry: ClientLogEntry) => void {
  return ({ level, message, fields }) => logger[level]({ kafka: fields }, message);
}

/** Nest tells of each module and route it loads; of interest only when looking for a fault in the wiring. */
const START_CHATTER: ReadonlySet<string> = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'NestMicroservice',
  'RouterExplorer',
  'RoutesResolver',
]);

/** What these report is thrown as well, and told by whoever catches it. */
const TOLD_TWICE: ReadonlySet<string> = new Set(['ExceptionHandler', 'NestApplication']);

/** Nest's own messages as lines of our log. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write(START_CHATTER.has(contextOf(rest) ?? '') ? 'debug' : 'info', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write(TOLD_TWICE.has(contextOf(rest) ?? '') ? 'debug' : 'error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: unknown[],
  ): void {
    const fields = { nest: contextOf(rest), ...(message instanceof Error ? { err: message } : {}) };
    this.logger[level](fields, message instanceof Error ? toldError(message).message : String(message));
  }
}

/** Nest passes the name of the class that logs as the last argument. */
function contextOf(rest: readonly unknown[]): string | undefined {
  const last = rest.at(-1);
  return typeof last === 'string' ? last : undefined;
}
