import { Histogram } from './histogram';
import type { Results } from './results';
import { latencyOf, PERCENTILES, type Summary } from './summary';
import { wholeIntervals, type Point } from './timeline';

/** What page.js draws. */
export interface Chart {
  readonly title: string;
  readonly note: string;
  readonly x: readonly number[];
  readonly series: Readonly<Record<string, readonly (number | null)[]>>;
  /** What is on the y axis; `time` is milliseconds, on a logarithmic scale unless `isLinear`. */
  readonly unit: 'count' | 'time';
  readonly isLinear?: boolean;
  /** On the x axis: seconds, or how many nines the share of requests has. */
  readonly across: 'seconds' | 'nines';
  readonly heat?: Heat;
}

/** Shares of the requests of each interval, from 0 to 1, by how long they took. */
export interface Heat {
  /** Between which values each row lies: one more than there are rows. */
  readonly bounds: readonly number[];
  /** For each interval, its rows. */
  readonly columns: readonly (readonly number[])[];
}

/** Steps of the distribution: shares of requests that get closer and closer to all of them. */
const DISTRIBUTION = [0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.995, 99.999];
const HEAT_ROWS = 28;
/** Values of each interval's distribution that stand for it. */
const HEAT_STEPS = 200;

/** The charts of one run. */
export function chartsOf({ results, registry }: Summary): Chart[] {
  const points = wholeIntervals(results);
  const x = points.map(({ at }) => at);
  const latencies = points.map(({ latency }) => Histogram.decode(latency));
  const counted = points.some(({ requests }) => requests > 0) ? 'requests' : 'iterations';
  const perSecond = perSecondOf(points);
  const rates = {
    [counted]: perSecond((point) => point[counted]),
    ...shown({
      failed: perSecond(({ failed }) => failed),
      errors: perSecond(({ errors }) => errors),
      late: perSecond(({ late }) => late),
    }),
  };
  const all = latencyOf(registry);
  const over = { x, across: 'seconds' } as const;
  const named = (of: (point: Point) => Readonly<Record<string, number>> | undefined) => {
    const names = [...new Set(points.flatMap((point) => Object.keys(of(point) ?? {})))].sort();
    return names.map((name) => [name, perSecond((point) => of(point)?.[name] ?? 0)] as const);
  };
  const statuses = named(({ statuses: own }) => own).map(
    ([status, values]) => [status === '0' ? 'no answer' : status, values] as const,
  );
  const kinds = named(({ kinds: own }) => own);
  const charts: (Chart | undefined)[] = [
    { title: 'Throughput', note: 'A second, by interval.', ...over, series: rates, unit: 'count' },
    {
      title: 'Latency',
      note: 'Percentiles by interval, on a logarithmic scale.',
      ...over,
      series: percentilesOf(latencies, PERCENTILES),
      unit: 'time',
    },
    {
      title: 'Latency as a heat map',
      note: 'The darker, the more requests of the interval took so long. The line is the median.',
      ...over,
      series: percentilesOf(latencies, [50]),
      unit: 'time',
      heat: heatOf(latencies),
    },
    statuses.length === 0
      ? undefined
      : {
          title: 'Status codes',
          note: 'Answers a second, by status.',
          ...over,
          series: Object.fromEntries(statuses.map(([name, values]) => [`status ${name}`, values])),
          unit: 'count',
        },
    kinds.length === 0
      ? undefined
      : {
          title: 'Errors',
          note: 'A second, by kind.',
          ...over,
          series: Object.fromEntries(kinds),
          unit: 'count',
        },
    {
      title: 'Virtual users',
      note: 'At the end of each interval.',
      ...over,
      series: { users: points.map(({ vus }) => vus) },
      unit: 'count',
    },
    { ...distributionOf({ latency: all }) },
  ];
  return charts.filter((chart) => chart !== undefined);
}

/** The charts of two runs, each with both. */
export function comparedCharts(before: Results, after: Results, latency: Histogram[]): Chart[] {
  const runs = { before: wholeIntervals(before), after: wholeIntervals(after) };
  const most = Math.max(...Object.values(runs).map((points) => points.length));
  const longer = runs.before.length === most ? runs.before : runs.after;
  const x = longer.map(({ at }) => at);
  const over = { x, across: 'seconds' } as const;
  const both = (of: (points: readonly Point[]) => readonly (number | null)[]) =>
    Object.fromEntries(
      Object.entries(runs).map(([name, points]) => {
        const values = of(points);
        return [name, x.map((_, index) => values[index] ?? null)];
      }),
    );
  const counted = longer.some(({ requests }) => requests > 0) ? 'requests' : 'iterations';
  const percentile = (share: number): Chart => ({
    title: `p${String(share)}`,
    note: 'Of each interval, on a logarithmic scale.',
    ...over,
    series: both((points) =>
      points.map((point) => {
        const histogram = Histogram.decode(point.latency);
        return histogram.count === 0 ? null : histogram.percentile(share);
      }),
    ),
    unit: 'time',
  });
  const [first = new Histogram(), second = new Histogram()] = latency;
  return [
    {
      title: 'Throughput',
      note: `${counted}, a second.`,
      ...over,
      series: both((points) => perSecondOf(points)((point) => point[counted])),
      unit: 'count',
    },
    {
      title: 'Failed',
      note: 'Requests a second.',
      ...over,
      series: both((points) => perSecondOf(points)(({ failed }) => failed)),
      unit: 'count',
    },
    percentile(50),
    percentile(99),
    distributionOf({ before: first, after: second }),
  ];
}

function perSecondOf(points: readonly Point[]): (of: (point: Point) => number) => number[] {
  const seconds = points.map(({ at }, index) => Math.max(at - (points[index - 1]?.at ?? 0), 1e-3));
  return (of) => points.map((point, index) => of(point) / (seconds[index] ?? 1));
}

/** Those that were ever above nothing. */
function shown(series: Record<string, number[]>): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(series).filter(([, values]) => values.some((value) => value > 0)),
  );
}

function percentilesOf(
  latencies: readonly Histogram[],
  shares: readonly number[],
): Chart['series'] {
  return Object.fromEntries(
    shares.map((share) => [
      `p${String(share)}`,
      latencies.map((each) => (each.count === 0 ? null : each.percentile(share))),
    ]),
  );
}

function distributionOf(histograms: Readonly<Record<string, Histogram>>): Chart {
  return {
    title: 'Distribution of latency',
    note: 'Below which so many percent of all requests stayed.',
    x: DISTRIBUTION.map((share) => Math.log10(100 / (100 - share))),
    series: Object.fromEntries(
      Object.entries(histograms).map(([name, histogram]) => [
        name,
        DISTRIBUTION.map((share) => (histogram.count === 0 ? null : histogram.percentile(share))),
      ]),
    ),
    unit: 'time',
    isLinear: true,
    across: 'nines',
  };
}

function heatOf(latencies: readonly Histogram[]): Heat {
  const counted = latencies.filter(({ count }) => count > 0);
  const low = Math.max(1e-3, Math.min(...counted.map(({ min }) => min)));
  const high = Math.max(low * 1.1, ...counted.map(({ max }) => max));
  const step = Math.log(high / low) / HEAT_ROWS;
  const rowOf = (value: number): number =>
    Math.min(HEAT_ROWS - 1, Math.max(0, Math.floor(Math.log(value / low) / step)));
  const columns = latencies.map((histogram) => {
    const rows = new Array<number>(HEAT_ROWS).fill(0);
    const steps = Math.min(HEAT_STEPS, histogram.count);
    for (let at = 0; at < steps; at++) {
      const row = rowOf(histogram.percentile((100 * (at + 0.5)) / steps));
      rows[row] = (rows[row] ?? 0) + 1 / steps;
    }
    return rows;
  });
  const bounds = Array.from({ length: HEAT_ROWS + 1 }, (_, row) => low * Math.exp(step * row));
  return { bounds, columns };
}
