import type { StackOptions } from './stack.js';

/** The part of the environment that decides where a stack comes from. */
export type StackEnvironment = Readonly<Record<string, string | undefined>>;

/** Where one half of a stack comes from. */
export type Source =
  | { readonly from: 'none' }
  | { readonly from: 'embedded' }
  | { readonly from: 'containers' }
  | { readonly from: 'external'; readonly address: string };

/** Where both halves come from. */
export interface StackSources {
  readonly kafka: Source;
  readonly postgres: Source;
}

function modeOf(options: StackOptions, stack: string | undefined): StackOptions['mode'] {
  if (options.mode !== undefined) return options.mode;
  if (!stack) return undefined;
  if (stack === 'embedded' || stack === 'containers') return stack;
  throw new Error(`STACK must be "embedded" or "containers", and is "${stack}".`);
}

function databaseOf(options: StackOptions, otherwise: () => Source): Source {
  if (options.postgres === false) return { from: 'none' };
  if (options.server !== undefined && !options.exclusive) return { from: 'external', address: options.server };
  return otherwise();
}

/**
 * Decides by the options, then by the environment: STACK, then the addresses in KAFKA_BROKERS and DATABASE_URL. A half
 * that no address names is started here.
 */
export function chooseSources(options: StackOptions, environment: StackEnvironment): StackSources {
  const mode = modeOf(options, environment['STACK']);
  const choose = (wanted: boolean | undefined, setting: 'KAFKA_BROKERS' | 'DATABASE_URL'): Source => {
    const address = environment[setting];
    if (wanted === false) return { from: 'none' };
    if (mode === 'embedded' || mode === 'containers') return { from: mode };
    if (address && !options.exclusive) return { from: 'external', address };
    if (mode === 'external') throw new Error(`An external stack needs ${setting}, and it is not set.`);
    return { from: 'embedded' };
  };
  const kafka = choose(options.kafka, 'KAFKA_BROKERS');
  if (kafka.from === 'containers' && options.brokers === 3) {
    throw new Error('Three brokers run as processes only: unset STACK for what needs them.');
  }
  return { kafka, postgres: databaseOf(options, () => choose(options.postgres, 'DATABASE_URL')) };
}
