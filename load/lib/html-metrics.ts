import { bytes, inUnit, percent, rate, whole } from './format';
import { tableOf } from './page-frame';
import type { MetricType, Series } from './registry';
import { PERCENTILES, type Summary } from './summary';

interface Table {
  readonly type: MetricType;
  readonly title: string;
  readonly head: readonly string[];
  figures(series: Series, unit: string, seconds: number): string[];
}

const TABLES: readonly Table[] = [
  {
    type: 'trend',
    title: 'Distributions',
    head: ['count', 'avg', 'min', ...PERCENTILES.map((share) => `p${String(share)}`), 'max'],
    figures: (series, unit) => {
      if (series.type !== 'trend') return [];
      const { count, mean, min, max } = series.histogram;
      const shares = PERCENTILES.map((share) => series.histogram.percentile(share));
      return [whole(count), ...[mean, min, ...shares, max].map((value) => inUnit(value, unit))];
    },
  },
  {
    type: 'counter',
    title: 'Counters',
    head: ['count', 'a second'],
    figures: (series, unit, seconds) => {
      if (series.type !== 'counter') return [];
      if (unit !== 'bytes') return [whole(series.sum), rate(series.sum, seconds)];
      return [bytes(series.sum), `${bytes(seconds > 0 ? series.sum / seconds : 0)}/s`];
    },
  },
  {
    type: 'rate',
    title: 'Shares',
    head: ['share', 'yes', 'of'],
    figures: (series) =>
      series.type === 'rate'
        ? [percent(series.rate), whole(series.passed), whole(series.total)]
        : [],
  },
  {
    type: 'gauge',
    title: 'Gauges',
    head: ['last', 'min', 'max'],
    figures: (series, unit) =>
      series.type === 'gauge'
        ? [series.last, series.min, series.max].map((value) => inUnit(value, unit))
        : [],
  },
];

/** All metrics, those of a kind in one table, a figure in each column. */
export function metricTables({ registry, results }: Summary): string {
  return TABLES.flatMap(({ type, title, head, figures }) => {
    const metrics = registry.sorted().filter((metric) => metric.type === type);
    const rows = metrics.flatMap(({ name, unit, series }) =>
      [...series.values()].map((each) => {
        const tags = Object.entries(each.tags).map(([key, value]) => `${key}: ${value}`);
        return [name, tags.join(', '), ...figures(each, unit, results.seconds)];
      }),
    );
    if (rows.length === 0) return [];
    return [`<h3>${title}</h3>${tableOf(`${type}s`, 2, ['metric', 'tags', ...head], rows)}`];
  }).join('');
}
