import { Histogram } from './histogram';
import type { Series } from './registry';
import { PERCENTILES } from './summary';
import type { Point } from './timeline';

/** Numbers by their names, for what stores them. */
export type Figures = Readonly<Record<string, number>>;

/** Of a distribution: `count`, `avg`, `min`, `max`, `p50`, … */
export function distribution(histogram: Histogram): Figures {
  const { count, mean, min, max } = histogram;
  const figures: Record<string, number> = { count, avg: mean, min, max };
  for (const share of PERCENTILES) figures[`p${String(share)}`] = histogram.percentile(share);
  return figures;
}

/** Of an interval; latencies are in milliseconds. */
export function intervalFigures({ latency, ...counts }: Point): Figures {
  const figures: Record<string, number> = {};
  for (const [name, value] of Object.entries(counts)) {
    if (typeof value === 'number') figures[name] = value;
  }
  for (const [name, value] of Object.entries(distribution(Histogram.decode(latency)))) {
    figures[`latency_${name}`] = value;
  }
  return figures;
}

/** Of a metric under one set of tags, in its unit. */
export function seriesFigures(series: Series): Figures {
  switch (series.type) {
    case 'counter':
      return { count: series.sum };
    case 'gauge':
      return { value: series.last, min: series.min, max: series.max };
    case 'rate':
      return { rate: series.rate, passed: series.passed, total: series.total };
    case 'trend':
      return distribution(series.histogram);
  }
}
