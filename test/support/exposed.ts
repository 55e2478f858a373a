/** The series and labels that the daemon's metrics page can show, for those who query it. */

import { createMetrics } from '../../src/daemon/metrics.js';

/** Labels that Prometheus and the platform put on every series. */
const TARGET_LABELS = ['job', 'instance', 'namespace', 'pod', 'app'];
/** Labels that the daemon puts on every series of its own. */
const SERVER_LABELS = ['audit_instance', 'node'];
/** Labels that a query itself adds or removes. */
const QUERY_LABELS = ['le'];
/** Not ours: Prometheus' own. */
const OTHERS: Readonly<Record<string, readonly string[]>> = { up: [] };

/** The labels of every series, by its name. */
export function exposed(): ReadonlyMap<string, readonly string[]> {
  const names = new Map(Object.entries(OTHERS));
  for (const metric of createMetrics().registry.getMetricsAsArray()) {
    const { name, type }: { name: string; type: unknown } = metric;
    const labels: unknown = Reflect.get(metric, 'labelNames');
    const own = [...SERVER_LABELS, ...(Array.isArray(labels) ? labels.map(String) : [])];
    const isHistogram = type === 'histogram';
    for (const suffix of isHistogram ? ['_bucket', '_sum', '_count'] : ['']) names.set(name + suffix, own);
  }
  return names;
}

/** Series and labels in a PromQL expression that nobody exposes. */
export function unknownIn(expression: string, series: ReadonlyMap<string, readonly string[]>): string[] {
  const names = namesIn(expression);
  const known = names.flatMap(name => series.get(name) ?? []);
  const labels = [...TARGET_LABELS, ...QUERY_LABELS, ...known];
  return [
    ...(names.length === 0 ? ['no series'] : []),
    ...names.filter(name => !series.has(name)),
    ...labelsIn(expression).filter(label => !labels.includes(label)),
  ];
}

export function namesIn(expression: string): string[] {
  return [...new Set(expression.match(/\b(?:pgaudit_shipper_\w+|up(?=\{))/g) ?? [])];
}

/** In matchers, and in `by (…)` and `without (…)`. */
function labelsIn(expression: string): string[] {
  const matchers = [...expression.matchAll(/[{,]\s*(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label);
  const groups = [...expression.matchAll(/\b(?:by|without|on|ignoring) \(([^)]*)\)/g)];
  return [...matchers, ...groups.flatMap(([, list = '']) => list.split(/,\s*/))].filter(Boolean);
}
