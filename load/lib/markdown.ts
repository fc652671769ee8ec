import { duration, percent, rate, whole } from './format';
import type { Metric, RateSeries } from './registry';
import {
  byStatus,
  describeMetric,
  latencyOf,
  PERCENTILES,
  thresholdFigure,
  type Summary,
} from './summary';

const escaped = (text: string): string =>
  text.replaceAll(/[\\`*_{}[\]<>|#]/g, '\\$&').replaceAll(/\s+/g, ' ');

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  rows.length === 0
    ? []
    : [
        `| ${head.join(' | ')} |`,
        `| ${head.map(() => '---').join(' | ')} |`,
        ...rows.map((row) => `| ${row.map(escaped).join(' | ')} |`),
        '',
      ];

/** A summary in Markdown, as the pages of a CI show it. */
export function markdownReport(summary: Summary): string {
  const { results, registry, thresholds, passed } = summary;
  const requests = registry.metrics.get('http_reqs') as Metric<'counter'> | undefined;
  const failed = registry.metrics.get('http_req_failed')?.total() as RateSeries | undefined;
  const done = requests ?? (registry.metrics.get('iterations') as Metric<'counter'> | undefined);
  const count = done?.total().sum ?? 0;
  const latency = latencyOf(registry);
  const mark = thresholds.length === 0 ? '' : passed ? '✅ ' : '❌ ';
  const ended = results.interrupted ? ', ended early' : '';
  const lines = [
    `## ${mark}Load test of ${escaped(results.name)}`,
    '',
    `${results.model} model, ${results.seconds.toFixed(1)} s${ended}`,
    '',
    ...table(
      [
        requests === undefined ? 'iterations' : 'requests',
        'a second',
        'failed',
        ...PERCENTILES.map((share) => `p${String(share)}`),
      ],
      [
        [
          whole(count),
          rate(count, results.seconds).replace('/s', ''),
          percent(failed?.rate ?? 0),
          ...PERCENTILES.map((share) => duration(latency.percentile(share))),
        ],
      ],
    ),
    ...table(
      ['', 'threshold', 'is'],
      thresholds.map((each) => [
        each.passed ? '✅' : '❌',
        `${each.metric} ${each.expression}`,
        thresholdFigure(each, registry),
      ]),
    ),
    ...table(
      ['status', 'requests'],
      requests === undefined
        ? []
        : byStatus(requests).map(([status, times]) => [
            status === '0' ? 'no answer' : status,
            whole(times),
          ]),
    ),
    ...table(
      ['times', 'kind', 'error'],
      results.errors.map(({ count: times, kind, message }) => [whole(times), kind, message]),
    ),
    '<details><summary>All metrics</summary>',
    '',
    ...table(
      ['metric', 'figures'],
      registry.sorted().map((metric) => [metric.name, describeMetric(metric, results.seconds)]),
    ),
    '</details>',
  ];
  return `${lines.join('\n')}\n`;
}
