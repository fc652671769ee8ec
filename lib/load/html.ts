import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { duration, percent, rate, whole } from './format';
import { Histogram } from './histogram';
import type { Metric, RateSeries, Registry } from './registry';
import { describeMetric, PERCENTILES, thresholdLine, type Summary } from './summary';

/** In the sources, which the package contains. */
const PAGE = join(__dirname, '../../lib/load/page');
const own = (name: string): string => readFileSync(join(PAGE, name), 'utf8');

function library(name: string): string {
  return readFileSync(join(dirname(require.resolve('uplot')), name), 'utf8');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};
const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '');

/** JSON inside of a script element must not end it. */
const embedded = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

/** Steps of the distribution: shares of requests that get closer and closer to all of them. */
const DISTRIBUTION = [0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.995, 99.999];

/** A report as one page that needs nothing else: plots (uPlot), styles and figures are in it. */
export function reportPage(summary: Summary): string {
  const { results } = summary;
  const title = `Load test of ${results.name}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${library('uPlot.min.css')}${own('page.css')}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p>${escaped(provenance(summary))}</p>
${verdict(summary)}
</header>
<main>
<section aria-label="Key figures" class="figures">${figures(summary)}</section>
${thresholds(summary)}
<section><h2>Over time</h2><div id="charts"></div></section>
${checks(summary)}
${errors(summary)}
<section><h2>Metrics</h2><div class="scroll"><table id="metrics"><thead><tr><th>metric</th><th>tags</th><th>figures</th></tr></thead><tbody>${metrics(summary)}</tbody></table></div></section>
</main>
<script>${library('uPlot.iife.min.js')}</script>
<script>const report = ${embedded(plots(summary))};</script>
<script>${own('page.js')}</script>
</body>
</html>
`;
}

function provenance({ results }: Summary): string {
  const { model, started, seconds, workers, shards, interrupted } = results;
  const parts = shards.length > 1 ? `, ${String(shards.length)} shards` : '';
  return (
    `${started.replace('T', ' ').slice(0, 19)} UTC, ${seconds.toFixed(1)} s, ${model} model, ` +
    `${String(workers)} ${workers === 1 ? 'thread' : 'threads'}${parts}${interrupted ? ', ended early' : ''}`
  );
}

function verdict({ thresholds: all, passed }: Summary): string {
  if (all.length === 0) return '';
  const text = passed ? 'All thresholds hold' : 'Thresholds were crossed';
  return `<p id="verdict" class="${passed ? 'pass' : 'fail'}">${text}</p>`;
}

function figures({ results, registry }: Summary): string {
  const requests = registry.metrics.get('http_reqs');
  const failed = registry.metrics.get('http_req_failed')?.total() as RateSeries | undefined;
  const done = requests ?? registry.metrics.get('iterations');
  const count = done === undefined ? 0 : (done as Metric<'counter'>).total().sum;
  const latency = latencyOf(registry);
  const all: [string, string][] = [
    [requests === undefined ? 'iterations' : 'requests', whole(count)],
    ['a second', rate(count, results.seconds).replace('/s', '')],
    ['median', duration(latency.percentile(50))],
    ['p99', duration(latency.percentile(99))],
    ['longest', duration(latency.max)],
    ['failed', percent(failed?.rate ?? 0)],
  ];
  return all
    .map(([name, value]) => `<div><b>${escaped(value)}</b><span>${escaped(name)}</span></div>`)
    .join('');
}

/** Of requests; of iterations where there are no requests. */
function latencyOf({ metrics }: Registry): Histogram {
  const total = (metrics.get('http_req_duration') ?? metrics.get('iteration_duration'))?.total();
  return total?.type === 'trend' ? total.histogram : new Histogram();
}

function thresholds({ thresholds: all }: Summary): string {
  if (all.length === 0) return '';
  const items = all.map(
    (each) => `<li class="${each.passed ? 'pass' : 'fail'}">${escaped(thresholdLine(each))}</li>`,
  );
  return `<section><h2>Thresholds</h2><ul id="thresholds">${items.join('')}</ul></section>`;
}

function checks({ registry }: Summary): string {
  const metric = registry.metrics.get('checks') as Metric<'rate'> | undefined;
  if (metric === undefined) return '';
  const rows = [...metric.series.values()].map(
    ({ tags, passed, total, rate: share }) =>
      `<tr class="${passed === total ? 'pass' : 'fail'}"><td>${escaped(tags['check'] ?? '')}</td>` +
      `<td>${whole(passed)} of ${whole(total)}</td><td>${percent(share)}</td></tr>`,
  );
  return `<section><h2>Checks</h2><table id="checks"><tbody>${rows.join('')}</tbody></table></section>`;
}

function errors({ results }: Summary): string {
  if (results.errors.length === 0) return '';
  const rows = results.errors.map(
    ({ kind, message, count }) =>
      `<tr><td>${whole(count)}</td><td>${escaped(kind)}</td><td>${escaped(message)}</td></tr>`,
  );
  return `<section><h2>Errors</h2><table id="errors"><tbody>${rows.join('')}</tbody></table></section>`;
}

function metrics({ registry, results }: Summary): string {
  const rows = registry.sorted().flatMap((metric) =>
    [...metric.series.values()].map(({ tags }) => {
      const names = Object.entries(tags).map(([name, value]) => `${name}: ${value}`);
      return (
        `<tr><td>${escaped(metric.name)}</td><td>${escaped(names.join(', '))}</td>` +
        `<td>${escaped(describeMetric(metric, results.seconds, tags))}</td></tr>`
      );
    }),
  );
  return rows.join('');
}

/** What page.js draws. */
function plots({ results, registry }: Summary): object {
  const { points } = results;
  const latencies = points.map(({ latency }) => Histogram.decode(latency));
  const histogram = latencyOf(registry);
  const counted = points.some(({ requests }) => requests > 0) ? 'requests' : 'iterations';
  let before = 0;
  const seconds = points.map(({ at }) => {
    const length = Math.max(at - before, 1e-3);
    before = at;
    return length;
  });
  const perSecond = (name: 'requests' | 'iterations' | 'failed' | 'errors' | 'late'): number[] =>
    points.map((point, index) => point[name] / (seconds[index] ?? 1));
  return {
    at: points.map(({ at }) => at),
    users: points.map(({ vus }) => vus),
    rates: {
      [counted]: perSecond(counted),
      failed: perSecond('failed'),
      errors: perSecond('errors'),
      late: perSecond('late'),
    },
    latency: Object.fromEntries(
      PERCENTILES.map((share) => [
        `p${String(share)}`,
        latencies.map((each) => (each.count === 0 ? null : each.percentile(share))),
      ]),
    ),
    distribution: DISTRIBUTION.map((share) => ({ share, value: histogram.percentile(share) })),
  };
}
