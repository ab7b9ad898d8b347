/** One alert rule. */
export interface AlertRule {
  readonly group: string;
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: string;
  readonly summary: string;
  /** `docs/PAGE.md#section` */
  readonly runbook: string;
}

const LINES = {
  comment: /^\s*#/,
  group: /^ {2}- name: ([a-z-]+)$/,
  alert: /^ {6}- alert: ([A-Za-z]+)$/,
  field: /^ {8}(expr|for): (\S.*)$/,
  labels: /^ {8}labels: \{ severity: ([a-z]+) \}$/,
  annotation: /^ {10}(summary|runbook): (\S.*)$/,
  continued: /^ {10}(\S.*)$/,
  between: /^(groups:| {4}rules:| {8}annotations:)?$/,
};

/**
 * Reads a file of `deploy/observability/rules`. These files keep to one form of YAML, so that no parser is needed: a line in any
 * other form is an error. What Prometheus makes of them is for promtool to say, which also counts the rules.
 */
export function readRules(file: string, text: string): readonly AlertRule[] {
  const rules: Record<string, string>[] = [];
  let group = '';
  for (const [index, line] of text.split('\n').entries()) {
    if (LINES.comment.test(line) || LINES.between.test(line)) continue;
    const [, name] = LINES.group.exec(line) ?? [];
    const [, alert] = LINES.alert.exec(line) ?? [];
    if (name !== undefined) group = name;
    else if (alert !== undefined) rules.push({ group, alert });
    else if (!takeField(rules.at(-1), line))
      throw new Error(`${file}:${index + 1}: not in the form of our rules: ${line}`);
  }
  return rules.map((rule) => whole(file, rule));
}

function takeField(rule: Record<string, string> | undefined, line: string): boolean {
  if (!rule) return false;
  const [, severity] = LINES.labels.exec(line) ?? [];
  const [, field, value] = LINES.field.exec(line) ?? LINES.annotation.exec(line) ?? [];
  const [, more] = LINES.continued.exec(line) ?? [];
  if (severity !== undefined) rule['severity'] = severity;
  else if (field !== undefined && value !== undefined) rule[field] = value === '|-' ? '' : unquoted(value);
  // An expression of several lines goes on until the next field.
  else if (more !== undefined && rule['expr'] !== undefined && rule['for'] === undefined) rule['expr'] += ` ${more}`;
  else return false;
  return true;
}

function unquoted(value: string): string {
  return /^'(.*)'$/.exec(value)?.[1]?.replaceAll("''", "'") ?? value;
}

function whole(file: string, rule: Record<string, string>): AlertRule {
  const { group = '', alert = '', expr = '', for: wait = '', severity = '', summary = '', runbook = '' } = rule;
  const found = { group, alert, expr: expr.trim(), for: wait, severity, summary, runbook };
  const missing = Object.entries(found).filter(([, value]) => value === '');
  if (missing.length > 0) throw new Error(`${file}: ${alert} has no ${missing.map(([name]) => name).join(', ')}`);
  return found;
}

/** One expectation of a promtool unit test. */
export interface AlertTest {
  readonly alert: string;
  readonly fires: boolean;
}

/** Reads which alerts a file of `deploy/observability/tests` expects to fire, or not to. */
export function readTests(file: string, text: string): readonly AlertTest[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const [, alert] = /^\s+alertname: ([A-Za-z]+)$/.exec(line) ?? [];
    if (alert === undefined) return [];
    const expected = /^\s+exp_alerts:( \[\])?$/.exec(lines[index + 1] ?? '');
    if (!expected) throw new Error(`${file}:${index + 2}: exp_alerts must follow alertname`);
    return [{ alert, fires: expected[1] === undefined }];
  });
}
