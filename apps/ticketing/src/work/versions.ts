import { Problem } from '@onceline/service-kit';

export function etagOf(version: number): string {
  return `"${version}"`;
}

/** Somebody was faster. */
export function changedMeanwhile(what: string, version: number): Problem {
  return new Problem(412, {
    title: 'Precondition Failed',
    detail: `The ${what} has changed: its version is ${version}.`,
    field: 'headers.if-match',
    fix: `Read the ${what} again, decide again, and send its ETag.`,
    headers: { etag: etagOf(version) },
  });
}
