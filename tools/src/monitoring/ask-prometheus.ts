/** One series of an answer. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One rule as Prometheus has it. */
export interface LoadedRule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

interface QueryData {
  readonly resultType: 'vector' | 'scalar';
  readonly result: readonly { metric: Record<string, string>; value: [number, string] }[] | [number, string];
}

/** The answer of now, without what is not a number. @throws when Prometheus does not understand the expression */
export async function ask(prometheus: string, expr: string): Promise<readonly Sample[]> {
  const { resultType, result } = await api<QueryData>(
    `${prometheus}/api/v1/query`,
    new URLSearchParams({ query: expr }),
  );
  const samples =
    resultType === 'scalar'
      ? [{ metric: {}, value: Number(result[1]) }]
      : (result as readonly { metric: Record<string, string>; value: [number, string] }[]).map(({ metric, value }) => ({
          metric,
          value: toNumber(value[1]),
        }));
  return samples.filter(({ value }) => !Number.isNaN(value));
}

/** Traces that the series of this selector have led to in the last hour, by their exemplars. */
export async function tracesBehind(prometheus: string, selector: string): Promise<readonly string[]> {
  const now = Date.now() / 1000;
  const found = await api<readonly { exemplars: readonly { labels: { trace_id?: string } }[] }[]>(
    `${prometheus}/api/v1/query_exemplars`,
    new URLSearchParams({ query: selector, start: String(now - 3600), end: String(now) }),
  );
  const ids = found.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id));
  return [...new Set(ids.filter((id) => id !== undefined))];
}

/** Every rule that was loaded. */
export async function loadedRules(prometheus: string): Promise<readonly LoadedRule[]> {
  const { groups } = await api<{ groups: readonly { rules: readonly LoadedRule[] }[] }>(`${prometheus}/api/v1/rules`);
  return groups.flatMap(({ rules }) => rules);
}

function toNumber(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY;
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}

async function api<T>(url: string, form?: URLSearchParams): Promise<T> {
  const response = await fetch(url, form ? { method: 'POST', body: form } : {});
  const { status, data, error } = (await response.json()) as { status: string; data: T; error?: string };
  if (status !== 'success') throw new Error(error ?? `${url} answered ${response.status}`);
  return data;
}
