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
  /** Bytes of response bodies. */
  readonly bytes: number;
  /** Iterations that could not begin when they should. */
  readonly late: number;
  /** Of requests; of iterations where there are no requests. Milliseconds. */
  readonly latency: EncodedHistogram;
}

/** Counts what happens, interval by interval. */
export class Timeline {
  iterations = 0;
  requests = 0;
  failed = 0;
  errors = 0;
  bytes = 0;
  late = 0;
  readonly #latency = new Histogram();
  readonly #iterations = new Histogram();
  readonly points: Point[] = [];

  request(duration: number, failed: boolean, bytes: number): void {
    this.requests++;
    if (failed) this.failed++;
    this.bytes += bytes;
    this.#latency.record(duration);
  }

  iteration(duration: number): void {
    this.iterations++;
    if (this.requests === 0) this.#iterations.record(duration); // else nobody will ask
  }

  /** Ends the interval. */
  next(at: number, vus: number): Point {
    const { iterations, requests, failed, errors, bytes, late } = this;
    const latency = (requests > 0 ? this.#latency : this.#iterations).encode();
    const point = { at, vus, iterations, requests, failed, errors, bytes, late, latency };
    this.points.push(point);
    this.iterations = this.requests = this.failed = this.errors = this.bytes = this.late = 0;
    this.#latency.reset();
    this.#iterations.reset();
    return point;
  }
}

/** Several parts' points of the same interval as one. */
export function mergePoints(points: readonly Point[]): Point {
  const sum = (name: Exclude<keyof Point, 'at' | 'latency'>): number =>
    points.reduce((total, point) => total + point[name], 0);
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
    latency: latency.encode(),
  };
}
