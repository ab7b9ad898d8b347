import { matches, selectorsOf, selectorText } from './expression.js';
import type { ExportedMetric, Series } from './exposition.js';
import type { AlertRule } from './rule-file.js';

/** Selectors of the rules that no exported series answers: a name or a value of a label that nobody uses any more. */
export function unansweredSelectors(
  rules: readonly AlertRule[],
  exported: readonly ExportedMetric[],
): readonly string[] {
  const unanswered = rules
    .flatMap(({ expr }) => selectorsOf(expr))
    .filter(({ name, matchers }) => !seriesOf(name, exported).some((series) => matches(matchers, series)))
    .map(selectorText);
  return [...new Set(unanswered)].sort();
}

function seriesOf(name: string, exported: readonly ExportedMetric[]): readonly Series[] {
  const histogram = name.replace(/_(bucket|sum|count)$/, '');
  return exported.filter((metric) => metric.name === name || metric.name === histogram).flatMap(({ series }) => series);
}
