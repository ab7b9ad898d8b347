import { randomUUID } from 'node:crypto';
import { UsageError } from '../access.js';

/** The API of the retry service, for a person at a shell. */
export class RetryApi {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  get<Body>(path: string, query: Readonly<Record<string, string>> = {}): Promise<Body> {
    const search = new URLSearchParams(query).toString();
    return this.call(`${path}${search === '' ? '' : `?${search}`}`, {});
  }

  /** Each with a key of its own, so that a broken connection may be tried again. */
  async post<Body>(path: string, body: object): Promise<Body> {
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    try {
      return await this.call(path, init);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      return this.call(path, init);
    }
  }

  private async call<Body>(path: string, init: RequestInit): Promise<Body> {
    const headers = { authorization: `Bearer ${this.token}`, ...(init.headers as Record<string, string> | undefined) };
    const response = await fetch(`${this.url}${path}`, { ...init, headers });
    const text = await response.text();
    if (response.ok) return JSON.parse(text) as Body;
    throw new UsageError(describeProblem(response.status, text));
  }
}

/** What was wrong and what to do, from an answer of RFC 9457. */
export function describeProblem(status: number, text: string): string {
  try {
    const { title, detail, fix } = JSON.parse(text) as { title?: string; detail?: string; fix?: string };
    return [`${status} ${title ?? ''}`.trim() + `: ${detail ?? text}`, fix].filter(Boolean).join('\n');
  } catch {
    return `${status}: ${text}`;
  }
}
