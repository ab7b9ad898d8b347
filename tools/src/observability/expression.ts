/** One matcher of labels, `name="value"`. */
export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

/** A metric as an expression asks for it. */
export interface Selector {
  readonly name: string;
  readonly matchers: readonly Matcher[];
}

/** Words of PromQL that stand where a metric could, and are none. */
const WORDS = new Set([
  'and',
  'or',
  'unless',
  'bool',
  'offset',
  'group_left',
  'sum',
  'min',
  'max',
  'avg',
  'count',
  'topk',
  'group',
]);

const LABEL_LISTS = /\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
/** A range, a text, a list of labels, a number, or a name with its bracket or its matchers: in this order, so that none is looked for inside another. */
const TOKEN = new RegExp(
  [
    /\[[^\]]*\]/,
    /"(?:[^"\\]|\\.)*"/,
    LABEL_LISTS,
    /\b\d[\w.]*/,
    /(?<name>[A-Za-z_:][A-Za-z0-9_:]*)\s*(?:(?<call>\()|\{(?<labels>(?:[^"{}]|"(?:[^"\\]|\\.)*")*)\})?/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);
const MATCHER = /([A-Za-z_][A-Za-z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g;

/** Every metric that an expression of PromQL asks for. What is neither a function nor a word of the language counts as one. */
export function selectorsOf(expression: string): readonly Selector[] {
  const found: Selector[] = [];
  for (const { groups } of expression.matchAll(TOKEN)) {
    const name = groups?.['name'];
    if (name === undefined || groups?.['call'] !== undefined || WORDS.has(name)) continue;
    found.push({ name, matchers: matchersOf(groups?.['labels'] ?? '') });
  }
  return found;
}

/** A selector as PromQL has it. */
export function selectorText({ name, matchers }: Selector): string {
  const labels = matchers.map(({ label, operator, value }) => `${label}${operator}"${value.replaceAll('\\', '\\\\')}"`);
  return labels.length === 0 ? name : `${name}{${labels.join(',')}}`;
}

/** Labels that an expression groups or joins by. */
export function groupingLabels(expression: string): readonly string[] {
  const lists = [...expression.matchAll(LABEL_LISTS)];
  const labels = lists.flatMap(([, , list = '']) => list.split(',').map((label) => label.trim()));
  return labels.filter((label) => label !== '');
}

/** Labels that are left in the answer: those of the outermost grouping. Undefined when the expression does not group, so that all of them are. */
export function remainingLabels(expression: string): readonly string[] | undefined {
  const grouping = /\b(?:sum|min|max|count|avg)\b\s*(?:by\s*\(([^)]*)\)\s*)?\(/.exec(expression);
  if (!grouping) return undefined;
  const [, list = ''] = grouping;
  return list
    .split(',')
    .map((label) => label.trim())
    .filter((label) => label !== '');
}

function matchersOf(labels: string): readonly Matcher[] {
  return [...labels.matchAll(MATCHER)].map(([, label = '', operator = '', value = '']) => ({
    label,
    operator,
    value: value.replaceAll('\\\\', '\\'),
  }));
}

/** Whether a series is one that the matchers ask for. */
export function matches(matchers: readonly Matcher[], series: Readonly<Record<string, string>>): boolean {
  return matchers.every(({ label, operator, value }) => {
    const is = series[label] ?? '';
    const same = operator.includes('~') ? new RegExp(`^(?:${value})$`).test(is) : is === value;
    return operator.startsWith('!') ? !same : same;
  });
}
