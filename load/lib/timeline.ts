import { Histogram, type EncodedHistogram } from './histogram';

/** What happened in one interval of a run, by all users. */
export interface Point {
  /** Seconds from the start to the end of the interval. */
  readonly at: number;
  /** Users at its end. */
  readonly vus: number;
  readonly iterations: number;
  readonly requests: number;
  /** Requests that failed. */
  readonly failed: number;
  /** Errors of any kind. */
  readonly errors: number;
  /** Bytes of answers, with their headers. */
  readonly bytes: number;
  /** Iterations that could not begin when they should. */
  readonly late: number;
  /** Requests by the status of their answers, `0` for none; there only where there are some. */
  readonly statuses?: Readonly<Record<string, number>>;
  /** Errors by their kinds. */
  readonly kinds?: Readonly<Record<string, number>>;
  /** Of requests; of iterations where there are no requests. Milliseconds. */
  readonly latency: EncodedHistogram;
}

/** What of a point is a count. */
export type PointCount = Exclude<keyof Point, 'at' | 'latency' | 'statuses' | 'kinds'>;

/** Counts what happens, interval by interval. */
export class Timeline {
  iterations = 0;
  requests = 0;
  failed = 0;
  errors = 0;
  bytes = 0;
  late = 0;
  readonly #statuses = new Map<number, number>();
  readonly #kinds = new Map<string, number>();
  readonly #latency = new Histogram();
  readonly #iterations = new Histogram();
  readonly points: Point[] = [];

  request(duration: number, status: number, failed: boolean, bytes: number): void {
    this.requests++;
    this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
    if (failed) this.failed++;
    this.bytes += bytes;
    this.#latency.record(duration);
  }

  iteration(duration: number): void {
    this.iterations++;
    if (this.requests === 0) this.#iterations.record(duration); // else nobody will ask
  }

  error(kind: string): void {
    this.errors++;
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
  }

  /** Ends the interval. */
  next(at: number, vus: number): Point {
    const { iterations, requests, failed, errors, bytes, late } = this;
    const latency = (requests > 0 ? this.#latency : this.#iterations).encode();
    const counts = { at, vus, iterations, requests, failed, errors, bytes, late };
    const point: Point = {
      ...counts,
      ...(requests > 0 && { statuses: Object.fromEntries(this.#statuses) }),
      ...(errors > 0 && { kinds: Object.fromEntries(this.#kinds) }),
      latency,
    };
    this.#statuses.clear();
    this.#kinds.clear();
    this.points.push(point);
    this.iterations = this.requests = this.failed = this.errors = this.bytes = this.late = 0;
    this.#latency.reset();
    this.#iterations.reset();
    return point;
  }
}

/**
 * The intervals that can be looked at one by one. The last one is cut off where the load ended, and what was under way then ends in
 * it: its rate would look like a breakdown.
 */
export function wholeIntervals({
  points,
  interval,
  seconds,
}: {
  points: readonly Point[];
  interval: number;
  seconds: number;
}): readonly Point[] {
  const last = points.at(-1);
  if (last === undefined || points.length < 3) return points;
  const length = last.at - (points.at(-2)?.at ?? 0);
  const isWhole = last.at <= seconds + 0.05 && length >= 0.95 * interval;
  return isWhole ? points : points.slice(0, -1);
}

/** Several parts' points of the same interval as one. */
export function mergePoints(points: readonly Point[]): Point {
  const sum = (name: PointCount): number => points.reduce((total, point) => total + point[name], 0);
  const latency = new Histogram();
  for (const point of points) latency.add(Histogram.decode(point.latency));
  return {
    at: Math.max(...points.map(({ at }) => at)),
    vus: sum('vus'),
    iterations: sum('iterations'),
    requests: sum('requests'),
    failed: sum('failed'),
    errors: sum('errors'),
    bytes: sum('bytes'),
    late: sum('late'),
    ...(points.some((point) => point.statuses) && {
      statuses: added(points.map((point) => point.statuses ?? {})),
    }),
    ...(points.some((point) => point.kinds) && {
      kinds: added(points.map((point) => point.kinds ?? {})),
    }),
    latency: latency.encode(),
  };
}

function added(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, count] of all.flatMap((each) => Object.entries(each))) {
    sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}
