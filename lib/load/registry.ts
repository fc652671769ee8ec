import { FiberError } from '../errors';
import { Histogram, type EncodedHistogram } from './histogram';

/** What tells the samples of a metric apart. */
export type Tags = Readonly<Record<string, string>>;

export type MetricType = 'counter' | 'gauge' | 'rate' | 'trend';

/** Tag sets of a metric; what comes after them is one series, tagged `overflow`. */
const MOST_SERIES = 200;

/** One metric under one set of tags, as JSON. */
export type SeriesData = { readonly tags: Tags } & Partial<{
  readonly sum: number;
  readonly last: number;
  readonly min: number;
  readonly max: number;
  readonly passed: number;
  readonly total: number;
  readonly histogram: EncodedHistogram;
}>;

export interface MetricData {
  readonly name: string;
  readonly type: MetricType;
  /** `ms`, `bytes` or nothing. */
  readonly unit: string;
  readonly series: readonly SeriesData[];
}

/** A sum. */
export class CounterSeries {
  readonly type = 'counter';
  sum = 0;
  constructor(readonly tags: Tags) {}
  add(value: number): void {
    this.sum += value;
  }
  data(): SeriesData {
    return { tags: this.tags, sum: this.sum };
  }
  merge(data: SeriesData): void {
    this.sum += data.sum ?? 0;
  }
}

/** The last value, and the extremes. Those of several machines are added, as a number of users is. */
export class GaugeSeries {
  readonly type = 'gauge';
  last = 0;
  min = Infinity;
  max = -Infinity;
  constructor(readonly tags: Tags) {}
  add(value: number): void {
    this.last = value;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
  }
  data(): SeriesData {
    if (this.max < this.min) return { tags: this.tags };
    return { tags: this.tags, last: this.last, min: this.min, max: this.max };
  }
  merge(data: SeriesData): void {
    if (data.last === undefined) return;
    const isFirst = this.max < this.min;
    this.last += data.last;
    this.min = (isFirst ? 0 : this.min) + (data.min ?? 0);
    this.max = (isFirst ? 0 : this.max) + (data.max ?? 0);
  }
}

/** How often something was true. */
export class RateSeries {
  readonly type = 'rate';
  passed = 0;
  total = 0;
  constructor(readonly tags: Tags) {}
  add(value: boolean | number): void {
    this.total++;
    if (value) this.passed++;
  }
  get rate(): number {
    return this.total === 0 ? 0 : this.passed / this.total;
  }
  data(): SeriesData {
    return { tags: this.tags, passed: this.passed, total: this.total };
  }
  merge(data: SeriesData): void {
    this.passed += data.passed ?? 0;
    this.total += data.total ?? 0;
  }
}

/** A distribution. */
export class TrendSeries {
  readonly type = 'trend';
  readonly histogram = new Histogram();
  constructor(readonly tags: Tags) {}
  add(value: number): void {
    this.histogram.record(value);
  }
  data(): SeriesData {
    return { tags: this.tags, histogram: this.histogram.encode() };
  }
  merge(data: SeriesData): void {
    if (data.histogram !== undefined) this.histogram.add(Histogram.decode(data.histogram));
  }
}

const SERIES = {
  counter: CounterSeries,
  gauge: GaugeSeries,
  rate: RateSeries,
  trend: TrendSeries,
} as const;

export type Series<T extends MetricType = MetricType> = InstanceType<(typeof SERIES)[T]>;

/** All series of one name. */
export class Metric<T extends MetricType = MetricType> {
  readonly series = new Map<string, Series<T>>();

  constructor(
    readonly name: string,
    readonly type: T,
    readonly unit: string,
  ) {}

  /** The series of a set of tags. */
  with(tags: Tags): Series<T> {
    const key = keyOf(tags);
    let series = this.series.get(key);
    if (series !== undefined) return series;
    if (this.series.size >= MOST_SERIES && tags !== OVERFLOW) return this.with(OVERFLOW);
    series = new SERIES[this.type](tags) as Series<T>;
    this.series.set(key, series);
    return series;
  }

  /** All series whose tags contain `tags`, as one. */
  total(tags: Tags = {}): Series<T> {
    const total = new SERIES[this.type](tags) as Series<T>;
    const wanted = Object.entries(tags);
    for (const series of this.series.values()) {
      if (wanted.every(([name, value]) => series.tags[name] === value)) total.merge(series.data());
    }
    return total;
  }

  data(): MetricData {
    const series = Array.from(this.series.values(), (each) => each.data());
    return { name: this.name, type: this.type, unit: this.unit, series };
  }
}

const OVERFLOW: Tags = { overflow: 'true' };

function keyOf(tags: Tags): string {
  const names = Object.keys(tags);
  if (names.length === 0) return '';
  if (names.length > 1) names.sort();
  return names.map((name) => `${name}=${tags[name] ?? ''}`).join('\n');
}

/** The metrics of a run. */
export class Registry {
  readonly metrics = new Map<string, Metric>();

  /**
   * The metric of that name; made when it is not there.
   *
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_VALUE` when it is there with another type
   */
  metric<T extends MetricType>(name: string, type: T, unit = ''): Metric<T> {
    let metric = this.metrics.get(name);
    if (metric === undefined) {
      metric = new Metric(name, type, unit);
      this.metrics.set(name, metric);
    } else if (metric.type !== type) {
      throw new FiberError(
        'ERR_FIBER_INVALID_ARG_VALUE',
        `The metric ${name} is a ${metric.type}, and cannot be a ${type} as well: choose another name`,
      );
    }
    return metric as unknown as Metric<T>;
  }

  /** By name. */
  sorted(): Metric[] {
    return [...this.metrics.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** As JSON. */
  data(): MetricData[] {
    return Array.from(this.metrics.values(), (metric) => metric.data());
  }

  /** Adds what another thread or machine has measured. */
  merge(metrics: readonly MetricData[]): void {
    for (const { name, type, unit, series } of metrics) {
      const metric = this.metric(name, type, unit);
      for (const data of series) metric.with(data.tags).merge(data);
    }
  }
}
