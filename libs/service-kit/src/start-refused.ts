/** sysexits.h EX_CONFIG: the surroundings are wrong, a restart alone does not help. */
export const EXIT_CONFIG = 78;

/** A start that was refused with a sentence for the operator. {@link runMain} prints it without a stack trace and exits with `exitCode`. */
export class StartRefused extends Error {
  readonly exitCode: number = EXIT_CONFIG;

  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StartRefused';
  }
}
