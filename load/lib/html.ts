import { chartsOf } from './charts';
import { duration, percent, rate, whole } from './format';
import { metricTables } from './html-metrics';
import { escaped, pageOf } from './page-frame';
import type { Metric, RateSeries } from './registry';
import { byStatus, latencyOf, thresholdLine, type Summary } from './summary';

/** A report as one page. */
export function reportPage(summary: Summary): string {
  const title = `Load test of ${summary.results.name}`;
  const body = `<header>
<h1>${escaped(title)}</h1>
<p>${escaped(provenance(summary))}</p>
${verdict(summary)}
</header>
<main>
<section aria-label="Key figures" class="figures">${figures(summary)}</section>
${thresholds(summary)}
<section><h2>Over time</h2><div id="charts"></div></section>
${statuses(summary)}
${checks(summary)}
${errors(summary)}
<section id="metrics"><h2>Metrics</h2>${metricTables(summary)}</section>
</main>`;
  return pageOf(title, body, chartsOf(summary));
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

function thresholds({ thresholds: all, registry }: Summary): string {
  if (all.length === 0) return '';
  const items = all.map(
    (each) =>
      `<li class="${each.passed ? 'pass' : 'fail'}">${escaped(thresholdLine(each, registry))}</li>`,
  );
  return `<section><h2>Thresholds</h2><ul id="thresholds">${items.join('')}</ul></section>`;
}

function statuses({ registry }: Summary): string {
  const requests = registry.metrics.get('http_reqs') as Metric<'counter'> | undefined;
  if (requests === undefined) return '';
  const rows = byStatus(requests).map(
    ([status, count]) =>
      `<tr><td>${escaped(status === '0' ? 'no answer' : status)}</td><td>${whole(count)}</td></tr>`,
  );
  return `<section><h2>Status codes</h2><table id="statuses"><tbody>${rows.join('')}</tbody></table></section>`;
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
