import type { FailureKind } from '../failure';
import { headerLines } from './answer-parser';
import { headerRecord } from './headers';
import { timingsOf, type Timings } from './timings';
import type { Exchange, WireRequest } from './transport';

/** What a request failed with, when there is no answer. */
export interface RequestFailure {
  readonly kind: FailureKind;
  readonly message: string;
  readonly cause: unknown;
}

/** The answer to a request, or that there was none. */
export class LoadResponse {
  /** 0 when there is no answer. */
  readonly status: number;
  /** Milliseconds from when the request was due to when the answer was complete. */
  readonly duration: number;
  /** Why there is no answer; undefined when there is one. */
  readonly failure: RequestFailure | undefined;
  /** Where the time went. */
  readonly timings: Timings;
  readonly #request: WireRequest;
  readonly #exchange: Exchange;
  #headers: Readonly<Record<string, string>> | undefined = undefined;

  /** @internal */
  constructor(
    request: WireRequest,
    exchange: Exchange,
    duration: number,
    due: number,
    failure?: RequestFailure,
  ) {
    this.status = exchange.status;
    this.duration = duration;
    this.failure = failure;
    this.#request = request;
    this.#exchange = exchange;
    this.timings = timingsOf(exchange, due);
  }

  /** Whether the status is from 200 to 299. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** Whom it is from: where the last redirect led that was followed. */
  get url(): string {
    return this.#request.origin + this.#request.path;
  }

  /** The cookies that it sets, a line each. @internal */
  get setCookies(): string[] {
    const lines = this.status === 0 ? [] : headerLines(this.#exchange.head);
    return lines.flatMap(([name, value]) => (name.toLowerCase() === 'set-cookie' ? [value] : []));
  }

  /** `1.1`, or `2`; `1.0` of old servers. Empty when there is no answer. */
  get httpVersion(): string {
    return /^HTTP\/([\d.]+)/.exec(this.#exchange.head)?.[1] ?? '';
  }

  /** By their names in lower case; those that came several times are joined by commas. */
  get headers(): Readonly<Record<string, string>> {
    return (this.#headers ??= headerRecord(headerLines(this.#exchange.head).flat()));
  }

  /** The bytes of the body, as they came; none when the body was discarded. */
  get body(): Buffer {
    const { chunks } = this.#exchange;
    const [first] = chunks;
    return chunks.length === 1 && Buffer.isBuffer(first) ? first : Buffer.concat(chunks);
  }

  /** The body as UTF-8 text. */
  text(): string {
    return this.body.toString('utf8');
  }

  /**
   * What the body is the JSON of.
   *
   * @throws `SyntaxError` when it is not JSON
   */
  json(): unknown {
    return JSON.parse(this.text());
  }
}
