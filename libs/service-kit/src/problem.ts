import { STATUS_CODES } from 'node:http';
import type { z } from 'zod';

/** What a caller is told about an error (RFC 9457), besides the status. */
export interface ProblemDetails {
  readonly title: string;
  readonly detail: string;
  /** The part of the request that is wrong, e.g. `query.limit`. */
  readonly field?: string;
  /** What the caller can do about it. */
  readonly fix?: string;
  /** Further members of the answer, e.g. `errors`. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Response headers, e.g. `www-authenticate`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error that is answered as `application/problem+json`; throw it anywhere below a controller. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly details: ProblemDetails,
    options?: { cause?: unknown },
  ) {
    super(details.detail, options);
    this.name = 'Problem';
  }

  /** The body of the answer. */
  body(instance?: string): Record<string, unknown> {
    const { title, detail, field, fix, members } = this.details;
    return {
      type: 'about:blank',
      title,
      status: this.status,
      detail,
      ...(instance === undefined ? {} : { instance }),
      ...(field === undefined ? {} : { field }),
      ...(fix === undefined ? {} : { fix }),
      ...members,
    };
  }
}

/** The short name of a status, e.g. `Not Found`. */
export function statusTitle(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}

/**
 * Checks a part of a request (`query`, `body`, `params`, `headers`) against its schema.
 * @throws Problem 400 that names every wrong field; the first one is `field`.
 */
export function parseRequest<S extends z.ZodType>(schema: S, part: string, value: unknown): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.map((issue) => ({
    field: [part, ...issue.path.map(String)].join('.'),
    detail: issue.message,
  }));
  const first = errors[0] ?? { field: part, detail: 'is wrong' };
  throw new Problem(400, {
    title: statusTitle(400),
    detail: errors.map(({ field, detail }) => `${field}: ${detail}`).join('; '),
    field: first.field,
    fix: `Correct ${errors.map(({ field }) => field).join(', ')}.`,
    members: { errors },
  });
}
