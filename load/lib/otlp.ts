import { Histogram } from './histogram';
import { Push } from './push';
import type { Metric, MetricType, Series, Tags } from './registry';
import { PERCENTILES, type Summary } from './summary';
import type { Point } from './timeline';

/** UCUM, which OpenTelemetry names units in. */
const UNITS: Readonly<Record<string, string>> = { ms: 'ms', bytes: 'By' };
/** AGGREGATION_TEMPORALITY_CUMULATIVE */
const CUMULATIVE = 2;

/** Counts of intervals, under the names that the metrics have in the end. */
const COUNTED = {
  iterations: 'iterations',
  requests: 'http_reqs',
  errors: 'errors',
  late: 'late_iterations',
} as const;

/**
 * The run as metrics of OpenTelemetry, by OTLP over HTTP in JSON, to a collector such as `http://127.0.0.1:4318`: what was
 * counted so far and the latency of the last interval while it goes on, and every metric at its end. Headers are those of
 * the environment's `OTEL_EXPORTER_OTLP_HEADERS`.
 */
export class OtlpOutput {
  readonly option = '--otlp';
  readonly #push: Push;
  readonly #name: string;
  #begun = Date.now();
  readonly #counts: Record<string, number> = {};

  private constructor(to: string, name: string) {
    this.#name = name;
    const path = /\/v1\/metrics\/?$/.test(to) ? to : `${to.replace(/\/$/, '')}/v1/metrics`;
    this.#push = new Push(this.option, path, { ...headers(), 'content-type': 'application/json' });
  }

  /** @throws {@link FiberError} `ERR_LOAD_OUTPUT`, `ERR_FIBER_INVALID_ARG_VALUE` */
  static async open(to: string, name: string): Promise<OtlpOutput> {
    const output = new OtlpOutput(to, name);
    await output.#push.probe(JSON.stringify({ resourceMetrics: [] }));
    output.#begun = Date.now();
    return output;
  }

  point(point: Point): void {
    const start = nanoseconds(this.#begun);
    const time = nanoseconds(this.#begun + point.at * 1000);
    const counters = Object.entries(COUNTED).map(([name, metric]) => {
      const sum = (this.#counts[name] ?? 0) + point[name as keyof typeof COUNTED];
      this.#counts[name] = sum;
      return counter(metric, '', [{ attributes: [], start, time, value: sum }]);
    });
    const gauge = {
      name: 'greenfiber.load.users',
      gauge: { dataPoints: [number([], time, point.vus)] },
    };
    const latency = Histogram.decode(point.latency);
    const points = PERCENTILES.map((share) =>
      number(attributes({ quantile: String(quantileOf(share)) }), time, latency.percentile(share)),
    );
    const last = { name: 'greenfiber.load.latency', unit: 'ms', gauge: { dataPoints: points } };
    this.#send([...counters, gauge, last]);
  }

  /** @throws what sending failed with */
  async summary({ results, registry }: Summary): Promise<void> {
    const begun = Date.parse(results.started);
    const start = nanoseconds(begun);
    const time = nanoseconds(begun + results.seconds * 1000);
    this.#send(registry.sorted().map((metric) => metricOf(metric, start, time)));
    await this.#push.flush();
  }

  #send(metrics: readonly object[]): void {
    const resource = {
      attributes: attributes({
        'service.name': 'greenfiber-load',
        'greenfiber.load.run': this.#name,
      }),
    };
    const scopeMetrics = [{ scope: { name: 'greenfiber-load' }, metrics }];
    this.#push.send(JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics }] }));
  }
}

/** 99.9 is 0.999, and no digit more. */
const quantileOf = (share: number): number => Number((share / 100).toFixed(6));

const nanoseconds = (ms: number): string => `${String(Math.round(ms))}000000`;

const attributes = (tags: Tags): object[] =>
  Object.entries(tags).map(([key, value]) => ({ key, value: { stringValue: value } }));

const number = (own: object[], timeUnixNano: string, asDouble: number): object => ({
  attributes: own,
  timeUnixNano,
  asDouble,
});

interface Count {
  readonly attributes: object[];
  readonly start: string;
  readonly time: string;
  readonly value: number;
}

function counter(name: string, unit: string, counts: readonly Count[]): object {
  const dataPoints = counts.map(({ attributes: own, start, time, value }) => ({
    attributes: own,
    startTimeUnixNano: start,
    timeUnixNano: time,
    asDouble: value,
  }));
  return {
    name: `greenfiber.load.${name}`,
    unit,
    sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints },
  };
}

function metricOf(metric: Metric, start: string, time: string): object {
  const name = `greenfiber.load.${metric.name}`;
  const unit = UNITS[metric.unit] ?? metric.unit;
  const all = [...metric.series.values()];
  const of = <T extends MetricType>(type: T): Series<T>[] =>
    all.filter((series) => series.type === type) as Series<T>[];
  switch (metric.type) {
    case 'counter':
      return counter(
        metric.name,
        unit,
        of('counter').map(({ tags, sum }) => ({
          attributes: attributes(tags),
          start,
          time,
          value: sum,
        })),
      );
    case 'gauge':
      return {
        name,
        unit,
        gauge: {
          dataPoints: of('gauge').map(({ tags, last }) => number(attributes(tags), time, last)),
        },
      };
    case 'rate':
      return {
        name,
        unit: '1',
        gauge: {
          dataPoints: of('rate').map(({ tags, rate }) => number(attributes(tags), time, rate)),
        },
      };
    case 'trend':
      return {
        name,
        unit,
        summary: {
          dataPoints: of('trend').map(({ tags, histogram }) => ({
            attributes: attributes(tags),
            startTimeUnixNano: start,
            timeUnixNano: time,
            count: String(histogram.count),
            sum: histogram.sum,
            quantileValues: [0, ...PERCENTILES, 100].map((share) => ({
              quantile: quantileOf(share),
              value: histogram.percentile(share),
            })),
          })),
        },
      };
  }
}

/** `name=value,name=value`, percent-encoded. */
function headers(): Record<string, string> {
  const pairs = (process.env['OTEL_EXPORTER_OTLP_HEADERS'] ?? '').split(',');
  return Object.fromEntries(
    pairs.flatMap((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) return [];
      return [[pair.slice(0, at).trim(), decodeURIComponent(pair.slice(at + 1).trim())]];
    }),
  );
}
