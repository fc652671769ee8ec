import type { Timings } from './clients/timings';
import { failureKind, failureMessage, type FailureKind } from './failure';
import {
  Registry,
  type CounterSeries,
  type Metric,
  type MetricType,
  type RateSeries,
  type Series,
  type Tags,
  type TrendSeries,
} from './registry';
import type { Samples } from './samples';
import { Timeline } from './timeline';

/** Errors of one kind with one message. */
export interface ErrorCount {
  readonly kind: FailureKind;
  readonly message: string;
  readonly count: number;
}

/** Different messages that are kept; what comes after them is counted by kind. */
const MOST_MESSAGES = 50;
const OTHER_MESSAGES = '(other messages)';
/** Combinations of method, name, status and tags that are looked up at once. */
const MOST_REQUEST_SERIES = 1000;

/** What is counted of requests that have the same method, name, status and tags. */
interface RequestSeries {
  readonly method: string;
  readonly name: string;
  readonly status: number;
  readonly tags: Tags;
  /** Whether its tags are more than are kept apart. */
  readonly isFolded: boolean;
  readonly requests: CounterSeries;
  readonly failed: RateSeries;
  readonly duration: TrendSeries;
}

/** Where time went, by the user's tags alone: by URL, `http_req_duration` is enough to look at. */
interface TimingSeries {
  readonly tags: Tags;
  readonly blocked: TrendSeries;
  readonly sending: TrendSeries;
  readonly waiting: TrendSeries;
  readonly receiving: TrendSeries;
}

/** What the users of one thread have in common. */
interface Shared {
  readonly registry: Registry;
  readonly timeline: Timeline;
  readonly errors: Map<string, { kind: FailureKind; message: string; count: number }>;
  /** Told of every sample, if anybody wants them. */
  samples: Samples | undefined;
}

/** Where one thread's users record what happens to them. */
export class Recorder {
  readonly registry: Registry;
  readonly timeline: Timeline;
  readonly #shared: Shared;
  readonly #tags: Tags;
  readonly #requestSeries = new Map<string, RequestSeries>();
  #last: RequestSeries | undefined = undefined;
  #timings: TimingSeries | undefined = undefined;
  readonly #iterations: CounterSeries;
  readonly #duration: TrendSeries;
  readonly #received: CounterSeries;
  readonly #sent: CounterSeries;

  /**
   * @param tags - of what is recorded of iterations as a whole
   * @param watched - see {@link Registry}
   */
  constructor(tags: Tags, watched?: ReadonlyMap<string, Tags[]>, shared?: Shared) {
    this.#shared = shared ?? {
      registry: new Registry(watched),
      timeline: new Timeline(),
      errors: new Map(),
      samples: undefined,
    };
    this.#tags = tags;
    this.registry = this.#shared.registry;
    this.timeline = this.#shared.timeline;
    const of = <T extends MetricType>(name: string, type: T, unit = ''): Series<T> =>
      this.registry.metric(name, type, unit).with(tags);
    this.#iterations = of('iterations', 'counter');
    this.#duration = of('iteration_duration', 'trend', 'ms');
    this.#received = of('data_received', 'counter', 'bytes');
    this.#sent = of('data_sent', 'counter', 'bytes');
  }

  /** From now on every sample is told, too. */
  tell(samples: Samples): void {
    this.#shared.samples = samples;
  }

  /** A sample that is recorded elsewhere. */
  sampled(metric: string, value: number, tags: Tags): void {
    this.#shared.samples?.add(metric, value, tags);
  }

  /** The same place, for users whose iterations have other tags. */
  for(tags: Tags): Recorder {
    return new Recorder(tags, undefined, this.#shared);
  }

  /** A request that was answered, or failed with the status 0. */
  request(
    method: string,
    name: string,
    { status, received, sent }: { status: number; received: number; sent: number },
    tags: Tags,
    duration: number,
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
    if (series.isFolded) this.#fold();
    this.#received.sum += received;
    this.#sent.sum += sent;
    this.timeline.request(duration, status, failed, received);
    const { samples } = this.#shared;
    if (samples === undefined) return;
    const all = { ...tags, method, name, status: String(status) };
    samples.add('http_req_duration', duration, all, { failed, sent, received });
  }

  /** Where the time of a request went that was answered. Connections are counted when they are opened. */
  timings(timings: Timings, isNew: boolean, tags: Tags): void {
    const series = this.#timings?.tags === tags ? this.#timings : this.#timingsOf(tags);
    this.#timings = series;
    series.blocked.add(timings.blocked);
    series.sending.add(timings.sending);
    series.waiting.add(timings.waiting);
    series.receiving.add(timings.receiving);
    const { samples } = this.#shared;
    if (samples !== undefined) {
      for (const [name, value] of Object.entries<number>({ ...timings })) {
        if (value > 0)
          samples.add(`http_req_${name === 'tls' ? 'tls_handshaking' : name}`, value, tags);
      }
    }
    if (!isNew) return;
    const { registry } = this;
    if (timings.dns > 0) registry.metric('http_req_dns', 'trend', 'ms').with(tags).add(timings.dns);
    registry.metric('http_req_connecting', 'trend', 'ms').with(tags).add(timings.connecting);
    if (timings.tls > 0)
      registry.metric('http_req_tls_handshaking', 'trend', 'ms').with(tags).add(timings.tls);
  }

  #timingsOf(tags: Tags): TimingSeries {
    const of = (name: string): TrendSeries => this.registry.metric(name, 'trend', 'ms').with(tags);
    return {
      tags,
      blocked: of('http_req_blocked'),
      sending: of('http_req_sending'),
      waiting: of('http_req_waiting'),
      receiving: of('http_req_receiving'),
    };
  }

  #seriesOf(method: string, name: string, status: number, tags: Tags): RequestSeries {
    const key = `${method} ${String(status)} ${name}`;
    const known = this.#requestSeries.get(key);
    if (known?.tags === tags) return known;
    const all = { ...tags, method, name, status: String(status) };
    const [requests, failed, duration] = this.#requestMetrics;
    const isFolded = !requests.keeps(all);
    const series = {
      method,
      name,
      status,
      tags,
      isFolded,
      requests: isFolded ? requests.overflow(all) : requests.with(all),
      failed: isFolded ? failed.overflow(all) : failed.with(all),
      duration: isFolded ? duration.overflow(all) : duration.with(all),
    };
    if (this.#requestSeries.size >= MOST_REQUEST_SERIES) this.#requestSeries.clear();
    this.#requestSeries.set(key, series);
    return series;
  }

  get #requestMetrics(): [Metric<'counter'>, Metric<'rate'>, Metric<'trend'>] {
    return [
      this.registry.metric('http_reqs', 'counter'),
      this.registry.metric('http_req_failed', 'rate'),
      this.registry.metric('http_req_duration', 'trend', 'ms'),
    ];
  }

  #fold(): void {
    for (const metric of this.#requestMetrics) metric.folded++;
  }

  iteration(duration: number): void {
    this.#shared.samples?.add('iteration_duration', duration, this.#tags);
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
    this.timeline.error(kind);
    this.#shared.samples?.add('errors', 1, { ...tags, kind }, { message: failureMessage(error) });
    this.#message(kind, failureMessage(error));
    return kind;
  }

  #message(kind: FailureKind, message: string): void {
    const key = `${kind} ${message}`;
    const known = this.#shared.errors.get(key);
    if (known !== undefined) known.count++;
    else if (this.#shared.errors.size < MOST_MESSAGES || message === OTHER_MESSAGES)
      this.#shared.errors.set(key, { kind, message, count: 1 });
    else this.#message(kind, OTHER_MESSAGES);
  }

  errors(): ErrorCount[] {
    return Array.from(this.#shared.errors.values(), (each) => ({ ...each }));
  }
}
