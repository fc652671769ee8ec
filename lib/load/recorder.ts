import { failureKind, failureMessage, type FailureKind } from './failure';
import {
  Registry,
  type CounterSeries,
  type MetricType,
  type RateSeries,
  type Series,
  type Tags,
  type TrendSeries,
} from './registry';
import { Timeline } from './timeline';

/** Errors of one kind with one message. */
export interface ErrorCount {
  readonly kind: FailureKind;
  readonly message: string;
  readonly count: number;
}

/** Different messages that are kept; what comes after them is counted by kind alone. */
const MOST_MESSAGES = 50;

/** What is counted of requests that have the same method, name, status and tags. */
interface RequestSeries {
  readonly method: string;
  readonly name: string;
  readonly status: number;
  readonly tags: Tags;
  readonly requests: CounterSeries;
  readonly failed: RateSeries;
  readonly duration: TrendSeries;
}

/** Where one thread's users record what happens to them. */
export class Recorder {
  readonly registry = new Registry();
  readonly timeline = new Timeline();
  readonly #errors = new Map<string, { kind: FailureKind; message: string; count: number }>();
  readonly #requestSeries = new Map<string, RequestSeries>();
  #last: RequestSeries | undefined = undefined;
  readonly #iterations: CounterSeries;
  readonly #duration: TrendSeries;
  readonly #received: CounterSeries;
  readonly #sent: CounterSeries;

  constructor(tags: Tags) {
    const of = <T extends MetricType>(name: string, type: T, unit = ''): Series<T> =>
      this.registry.metric(name, type, unit).with(tags);
    this.#iterations = of('iterations', 'counter');
    this.#duration = of('iteration_duration', 'trend', 'ms');
    this.#received = of('data_received', 'counter', 'bytes');
    this.#sent = of('data_sent', 'counter', 'bytes');
  }

  /** A request that was answered, or failed with the status 0. */
  request(
    method: string,
    name: string,
    status: number,
    tags: Tags,
    duration: number,
    received: number,
    sent: number,
  ): void {
    const failed = status < 200 || status >= 400;
    let series = this.#last;
    if (
      series?.status !== status ||
      series.name !== name ||
      series.method !== method ||
      series.tags !== tags
    ) {
      series = this.#last = this.#seriesOf(method, name, status, tags);
    }
    series.requests.sum++;
    series.failed.add(failed);
    series.duration.add(duration);
    this.#received.sum += received;
    this.#sent.sum += sent;
    this.timeline.request(duration, failed, received);
  }

  #seriesOf(method: string, name: string, status: number, tags: Tags): RequestSeries {
    const key = `${method} ${String(status)} ${name}`;
    let series = this.#requestSeries.get(key);
    if (series?.tags !== tags) {
      const all = { ...tags, method, name, status: String(status) };
      series = {
        method,
        name,
        status,
        tags,
        requests: this.registry.metric('http_reqs', 'counter').with(all),
        failed: this.registry.metric('http_req_failed', 'rate').with(all),
        duration: this.registry.metric('http_req_duration', 'trend', 'ms').with(all),
      };
      this.#requestSeries.set(key, series);
    }
    return series;
  }

  iteration(duration: number): void {
    this.#iterations.sum++;
    this.#duration.add(duration);
    this.timeline.iteration(duration);
  }

  /** An iteration, or an operation of it, ended badly. */
  error(error: unknown, tags: Tags): FailureKind {
    const kind = failureKind(error);
    this.registry
      .metric('errors', 'counter')
      .with({ ...tags, kind })
      .add(1);
    this.timeline.errors++;
    const message = failureMessage(error);
    const key = `${kind} ${message}`;
    const known = this.#errors.get(key);
    if (known !== undefined) known.count++;
    else if (this.#errors.size < MOST_MESSAGES) this.#errors.set(key, { kind, message, count: 1 });
    return kind;
  }

  errors(): ErrorCount[] {
    return Array.from(this.#errors.values(), (each) => ({ ...each }));
  }
}
