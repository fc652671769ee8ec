import { bytes, inUnit, percent, rate, whole } from './format';
import { Histogram } from './histogram';
import type { Metric, Registry, Tags } from './registry';
import { registryOf, type Results } from './results';
import { readThreshold } from './threshold-grammar';
import { judge, type ThresholdResult } from './thresholds';

/** What a report says, before it is text or a page. */
export interface Summary {
  readonly results: Results;
  readonly registry: Registry;
  readonly thresholds: readonly ThresholdResult[];
  readonly passed: boolean;
}

export function summarize(results: Results): Summary {
  const registry = registryOf(results);
  const thresholds = judge(results.thresholds, registry, results.seconds);
  const passed = results.endedBy === undefined && thresholds.every((each) => each.passed);
  return { results, registry, thresholds, passed };
}

/** Percentiles that reports show. */
export const PERCENTILES = [50, 90, 95, 99, 99.9] as const;

/** A metric in words, without its name: the series whose tags contain `tags`. */
export function describeMetric(metric: Metric, seconds: number, tags: Tags = {}): string {
  const total = metric.total(tags);
  switch (total.type) {
    case 'counter': {
      const { sum } = total;
      if (metric.unit === 'bytes')
        return `${bytes(sum)}  ${bytes(seconds > 0 ? sum / seconds : 0)}/s`;
      return `${whole(sum)}  ${rate(sum, seconds)}`;
    }
    case 'gauge': {
      const { last, min, max } = total;
      return `${inUnit(last, metric.unit)}  min=${inUnit(min, metric.unit)} max=${inUnit(max, metric.unit)}`;
    }
    case 'rate': {
      const { rate: share, passed, total: all } = total;
      return `${percent(share)}  ${whole(passed)} of ${whole(all)}`;
    }
    case 'trend': {
      const { histogram } = total;
      const figures = [
        ['avg', histogram.mean],
        ['min', histogram.min],
        ...PERCENTILES.map((share) => [`p${String(share)}`, histogram.percentile(share)] as const),
        ['max', histogram.max],
      ] as const;
      return figures.map(([name, value]) => `${name}=${inUnit(value, metric.unit)}`).join('  ');
    }
  }
}

/** A summary as text for a terminal or a log, ending in a newline. */
export function summaryText(summary: Summary): string {
  const { results, registry, thresholds } = summary;
  const lines = [head(results), ''];
  const metrics = registry.sorted();
  const width = Math.max(...metrics.map(({ name }) => name.length)) + 2;
  for (const metric of metrics) {
    const dots = metric.name.padEnd(width, '.');
    lines.push(`  ${dots}: ${describeMetric(metric, results.seconds)}`);
    if (metric.name === 'http_reqs') lines.push(statusLine(metric as Metric<'counter'>));
    if (metric.folded > 0) lines.push(foldedLine(metric));
    if (metric.name === 'checks') lines.push(...checkLines(metric as Metric<'rate'>));
  }
  lines.push(...scenarioLines(summary));
  if (results.errors.length > 0) {
    lines.push('', '  errors');
    for (const { kind, message, count } of results.errors) {
      lines.push(`    ${whole(count)} x ${kind}: ${message}`);
    }
  }
  if (thresholds.length > 0) {
    lines.push('', '  thresholds');
    for (const each of thresholds) lines.push(`    ${thresholdLine(each, registry)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The scenarios of a run that has several, by name. */
export function scenariosOf({ metrics }: Registry): string[] {
  const all = [...(metrics.get('iterations')?.series.values() ?? [])];
  return [...new Set(all.flatMap(({ tags }) => tags['scenario'] ?? []))].sort();
}

/** The metrics that are shown of each scenario. */
export const SCENARIO_METRICS = ['iterations', 'http_req_failed', 'http_req_duration'] as const;

function scenarioLines({ results, registry }: Summary): string[] {
  return scenariosOf(registry).flatMap((scenario) => {
    const lines = SCENARIO_METRICS.flatMap((name) => {
      const metric = registry.metrics.get(name);
      if (metric === undefined) return [];
      return [
        `    ${name.padEnd(18, '.')}: ${describeMetric(metric, results.seconds, { scenario })}`,
      ];
    });
    return ['', `  scenario ${scenario}`, ...lines];
  });
}

/** How many requests were answered by which status; 0 is no answer. */
export function byStatus(requests: Metric<'counter'>): [status: string, count: number][] {
  const counts = new Map<string, number>();
  for (const { tags, sum } of requests.series.values()) {
    const status = tags['status'] ?? 'other';
    counts.set(status, (counts.get(status) ?? 0) + sum);
  }
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

function statusLine(requests: Metric<'counter'>): string {
  const counts = byStatus(requests).map(
    ([status, count]) => `${status === '0' ? 'no answer' : status} x ${whole(count)}`,
  );
  return `    status: ${counts.join(', ')}`;
}

function foldedLine({ folded }: Metric): string {
  return `    ${whole(folded)} samples had more tags, or names of URLs, than are kept apart: see overflow`;
}

function head({ name, model, seconds, shards, workers, interrupted, endedBy }: Results): string {
  const parts = shards.length > 1 || shards[0] !== '1/1' ? `, shards ${shards.join(' ')}` : '';
  const threads = workers > 1 ? `, ${String(workers)} workers` : '';
  const crossed = endedBy === undefined ? '' : `, ended by ${endedBy}`;
  const ended = interrupted ? ', ended early' : crossed;
  return `${name}: ${model} model, ${seconds.toFixed(1)} s${threads}${parts}${ended}`;
}

function checkLines(checks: Metric<'rate'>): string[] {
  const byName = new Map<string, { passed: number; total: number }>();
  for (const { tags, passed, total } of checks.series.values()) {
    const name = tags['check'] ?? '';
    const sum = byName.get(name) ?? { passed: 0, total: 0 };
    byName.set(name, { passed: sum.passed + passed, total: sum.total + total });
  }
  return Array.from(byName, ([name, { passed, total }]) => {
    const mark = passed === total ? '✓' : '✗';
    return `    ${mark} ${name}: ${whole(passed)} of ${whole(total)}`;
  });
}

/** What a threshold's figure came to, in its unit. */
export function thresholdFigure(
  { metric, expression, value }: ThresholdResult,
  registry: Registry,
): string {
  if (value === undefined) return 'nothing was recorded';
  const { name, figure } = readThreshold('threshold', metric, expression);
  const { type, unit = '' } = registry.metrics.get(name) ?? {};
  if (figure === 'count') return unit === 'bytes' ? bytes(value) : whole(value);
  if (figure === 'rate') return type === 'rate' ? percent(value) : rate(value, 1);
  return inUnit(value, unit);
}

export function thresholdLine(result: ThresholdResult, registry: Registry): string {
  const { metric, expression, value, passed } = result;
  const is = value === undefined ? '' : 'is ';
  return `${passed ? '✓' : '✗'} ${metric} ${expression}: ${is}${thresholdFigure(result, registry)}`;
}

/** Of requests; of iterations where there are no requests. */
export function latencyOf({ metrics }: Registry): Histogram {
  const total = (metrics.get('http_req_duration') ?? metrics.get('iteration_duration'))?.total();
  return total?.type === 'trend' ? total.histogram : new Histogram();
}
