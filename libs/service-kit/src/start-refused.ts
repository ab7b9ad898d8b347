/** sysexits.h EX_CONFIG: the surroundings are wrong, a restart alone does not help. */
export const EXIT_CONFIG = 78;

/** sysexits.h EX_UNAVAILABLE: something else is away, a later start may succeed. */
export const EXIT_UNAVAILABLE = 69;

/** A start that was refused with a sentence for the operator. {@link runMain} prints it without a stack trace and exits with `exitCode`. */
export class StartRefused extends Error {
  readonly exitCode: number;

  constructor(message: string, options: { cause?: unknown; exitCode?: number } = {}) {
    super(message, options);
    this.name = 'StartRefused';
    this.exitCode = options.exitCode ?? EXIT_CONFIG;
  }
}
