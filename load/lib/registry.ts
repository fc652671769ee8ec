import { FiberError } from 'greenfiber';
import { checkObject, wrongType } from 'greenfiber/lowlevel';

import { isBuiltIn } from './metric-names';
import { Histogram, type EncodedHistogram } from './histogram';

/** What tells the samples of a metric apart. */
export type Tags = Readonly<Record<string, string>>;

export type MetricType = 'counter' | 'gauge' | 'rate' | 'trend';

/**
 * Tag sets of a metric. Of what comes after them, the tags that thresholds ask for and {@link FEW} are kept, and
 * `overflow` is added; after as many again, those of thresholds alone.
 */
const MOST_SERIES = 200;
/** Tag sets of a metric of many threads and machines together. */
const MOST_MERGED = 5000;
/** Tags that have few values, and say much. */
const FEW = new Set(['kind', 'method', 'status']);
/** Metrics of a run: names are for kinds of things, tags for things. */
const MOST_METRICS = 500;

/**
 * Tags as they are kept: all values are text.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
 */
export function checkTags(name: string, tags: unknown): Tags {
  checkObject(name, tags);
  const entries = Object.entries(tags as object).filter(([, value]) => value !== undefined);
  for (const [key, value] of entries as [string, unknown][]) {
    if (!/^(?:string|number|boolean|bigint)$/.test(typeof value)) {
      throw wrongType(`${name}.${key}`, 'text, a number or a boolean', value);
    }
  }
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
}

/** One metric under one set of tags, as JSON. */
export type SeriesData = { readonly tags: Tags } & Partial<{
  readonly sum: number;
  readonly last: number;
  /** When it was set, in milliseconds from the start. */
  readonly at: number;
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
  /** Samples whose tags were more than are kept apart; their series is tagged `overflow`. */
  readonly folded?: number;
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

/** The last value and the extremes: also of several tags, threads and machines together. */
export class GaugeSeries {
  readonly type = 'gauge';
  last = 0;
  at = -Infinity;
  min = Infinity;
  max = -Infinity;
  constructor(readonly tags: Tags) {}
  /** @param at - when it was set, in milliseconds from the start */
  add(value: number, at = 0): void {
    this.#take(value, at, value, value);
  }
  data(): SeriesData {
    if (this.max < this.min) return { tags: this.tags };
    return { tags: this.tags, last: this.last, at: this.at, min: this.min, max: this.max };
  }
  merge({ last, at = 0, min = last, max = last }: SeriesData): void {
    if (last !== undefined) this.#take(last, at, min ?? last, max ?? last);
  }
  #take(last: number, at: number, min: number, max: number): void {
    if (at >= this.at) {
      this.last = last;
      this.at = at;
    }
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
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
  /** See {@link MetricData.folded}. */
  folded = 0;
  readonly #watched: Tags[];

  constructor(
    readonly name: string,
    readonly type: T,
    readonly unit: string,
    watched: Tags[] = [],
  ) {
    this.#watched = watched;
  }

  /** The series of a set of tags. */
  with(tags: Tags): Series<T> {
    const series = this.#find(tags);
    if (series !== undefined) return series;
    this.folded++;
    return this.overflow(tags);
  }

  /** Whether the tags have a series of their own, or can be given one. */
  keeps(tags: Tags): boolean {
    return this.#find(tags) !== undefined;
  }

  /** The series for what others have measured, who have folded already. */
  merged(tags: Tags): Series<T> {
    return this.#find(tags, MOST_MERGED) ?? this.overflow(tags);
  }

  /** The series of those tags that are more than are kept apart. */
  overflow(tags: Tags): Series<T> {
    const entries = Object.entries(tags);
    const watched = entries.filter(([name, value]) =>
      this.#watched.some((each) => each[name] === value),
    );
    const few = entries.filter(([name]) => FEW.has(name));
    const of = (kept: [string, string][]): Tags => ({
      ...Object.fromEntries(kept),
      overflow: 'true',
    });
    return (
      this.#find(of([...few, ...watched]), 2 * MOST_SERIES) ??
      this.#find(of(watched), Infinity) ??
      this.#make(of(watched))
    );
  }

  #find(tags: Tags, most = MOST_SERIES): Series<T> | undefined {
    const series = this.series.get(keyOf(tags));
    if (series !== undefined || this.series.size >= most) return series;
    return this.#make(tags);
  }

  #make(tags: Tags): Series<T> {
    const series = new SERIES[this.type](tags) as Series<T>;
    this.series.set(keyOf(tags), series);
    return series;
  }

  /** All series whose tags contain `tags`, as one. */
  total(tags: Tags = {}): Series<T> {
    const total = new SERIES[this.type](tags) as Series<T>;
    for (const series of this.series.values()) {
      if (hasTags(series.tags, tags)) total.merge(series.data());
    }
    return total;
  }

  data(): MetricData {
    const { name, type, unit, folded } = this;
    const series = Array.from(this.series.values(), (each) => each.data());
    return { name, type, unit, series, ...(folded > 0 && { folded }) };
  }
}

/** Whether tags contain all those that are wanted. */
export function hasTags(tags: Tags, wanted: Tags): boolean {
  return Object.entries(wanted).every(([name, value]) => tags[name] === value);
}

/** Different for different tags, whatever characters are in them. */
function keyOf(tags: Tags): string {
  const names = Object.keys(tags);
  if (names.length === 0) return '';
  if (names.length > 1) names.sort();
  let key = '';
  for (const name of names) {
    const value = tags[name] ?? '';
    key += `${String(name.length)}:${name}${String(value.length)}:${value}`;
  }
  return key;
}

/** The metrics of a run. */
export class Registry {
  readonly metrics = new Map<string, Metric>();
  readonly #watched: ReadonlyMap<string, Tags[]>;

  /** @param watched - by metric, tags that are never folded */
  constructor(watched: ReadonlyMap<string, Tags[]> = new Map()) {
    this.#watched = watched;
  }

  /**
   * The metric of that name; made when it is not there.
   *
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_VALUE` when it is there with another type or unit, or there are
   * too many
   */
  metric<T extends MetricType>(name: string, type: T, unit = ''): Metric<T> {
    this.admit(name, type, unit);
    const metric = this.metrics.get(name) ?? this.#make(name, type, unit);
    return metric as unknown as Metric<T>;
  }

  /** Whether there may be such a metric; throws as {@link metric} does, and makes nothing. */
  admit(name: string, type: MetricType, unit: string): void {
    const metric = this.metrics.get(name);
    if (metric === undefined) {
      if (this.metrics.size < MOST_METRICS || isBuiltIn(name)) return;
      throw new FiberError(
        'ERR_FIBER_INVALID_ARG_VALUE',
        `${name} would be metric ${String(MOST_METRICS + 1)}: give things of one kind one name, and tell them apart by tags`,
      );
    }
    if (metric.type === type && metric.unit === unit) return;
    const [is, wanted] = [kindOf(metric), kindOf({ type, unit })];
    throw new FiberError(
      'ERR_FIBER_INVALID_ARG_VALUE',
      `The metric ${name} is a ${is}, and cannot be a ${wanted} as well: choose another name`,
    );
  }

  #make<T extends MetricType>(name: string, type: T, unit: string): Metric<T> {
    const metric = new Metric(name, type, unit, this.#watched.get(name));
    this.metrics.set(name, metric);
    return metric;
  }

  /** By name. */
  sorted(): Metric[] {
    return [...this.metrics.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** As JSON. */
  data(): MetricData[] {
    return Array.from(this.metrics.values(), (metric) => metric.data());
  }

  /** Adds what another thread or machine has measured. What has another type there is kept under a name of its own. */
  merge(metrics: readonly MetricData[]): void {
    for (const { name, type, unit, series, folded = 0 } of metrics) {
      const own = this.metrics.get(name);
      const isSame = own === undefined || (own.type === type && own.unit === unit);
      const key = isSame ? name : [name, type, unit].filter(Boolean).join('_');
      const metric = this.metrics.get(key) ?? this.#make(key, type, unit);
      metric.folded += folded;
      for (const data of series) {
        const target = metric.keeps(data.tags)
          ? metric.with(data.tags)
          : metric.overflow(data.tags);
        target.merge(data);
      }
    }
  }
}

const kindOf = ({ type, unit }: { type: MetricType; unit: string }): string =>
  unit === '' ? type : `${type} in ${unit}`;
