import { bytes, inUnit, percent, rate, whole } from './format';
import type { Metric, Registry, Tags } from './registry';
import { registryOf, type Results } from './results';
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
  return { results, registry, thresholds, passed: thresholds.every(({ passed }) => passed) };
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
    if (metric.name === 'checks') lines.push(...checkLines(metric as Metric<'rate'>));
  }
  if (results.errors.length > 0) {
    lines.push('', '  errors');
    for (const { kind, message, count } of results.errors) {
      lines.push(`    ${whole(count)} x ${kind}: ${message}`);
    }
  }
  if (thresholds.length > 0) {
    lines.push('', '  thresholds');
    for (const each of thresholds) lines.push(`    ${thresholdLine(each)}`);
  }
  return `${lines.join('\n')}\n`;
}

function head({ name, model, seconds, shards, workers, interrupted }: Results): string {
  const parts = shards.length > 1 || shards[0] !== '1/1' ? `, shards ${shards.join(' ')}` : '';
  const threads = workers > 1 ? `, ${String(workers)} workers` : '';
  const ended = interrupted ? ', ended early' : '';
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

export function thresholdLine({ metric, expression, value, passed }: ThresholdResult): string {
  const figure =
    value === undefined ? 'nothing was recorded' : `is ${String(Number(value.toPrecision(4)))}`;
  return `${passed ? '✓' : '✗'} ${metric} ${expression}: ${figure}`;
}
