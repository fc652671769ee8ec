import { spawn, type Task } from 'greenfiber';
import { type Clock, type Waiter, settled } from 'greenfiber/lowlevel';

import { headerMap, headerRecord } from './headers';
import {
  noAnswer,
  type Exchange,
  type Transport,
  type Underway,
  type Wire,
  type WireRequest,
} from './transport';

/** A request, for a handler in the same process. */
export interface HandlerRequest {
  readonly method: string;
  readonly url: URL;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

/** What a handler returns. */
export interface HandlerResponse {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A server in the same process: it may block, on the clock of the run. What it throws is a failed request. */
export type InProcessHandler = (
  request: HandlerRequest,
) => HandlerResponse | Promise<HandlerResponse>;

/** Requests that are answered by a function, in a task of their own: no socket and no time but the scheduler's. */
export class InProcessTransport implements Transport {
  readonly #handler: InProcessHandler;
  readonly #clock: Clock;

  constructor(handler: InProcessHandler, clock: Clock) {
    this.#handler = handler;
    this.#clock = clock;
  }

  wire(origin: string): Wire {
    return new InProcessWire(origin, this.#handler, this.#clock);
  }
}

class InProcessWire implements Wire, Underway {
  busy = false;
  readonly #handler: InProcessHandler;
  readonly #clock: Clock;
  #task: Task<void> | undefined = undefined;

  constructor(
    readonly origin: string,
    handler: InProcessHandler,
    clock: Clock,
  ) {
    this.#handler = handler;
    this.#clock = clock;
  }

  get idle(): boolean {
    return !this.busy;
  }

  send(request: WireRequest, waiter: Waiter<Exchange>): Underway {
    this.busy = true;
    const task = (this.#task = spawn(() => {
      const begun = this.#clock.now();
      const exchange = this.#answer(request);
      if (this.#task === task) this.busy = false; // else it was aborted, and another one is under way
      exchange.begun = begun;
      exchange.ended = this.#clock.now();
      waiter.wake(exchange);
    }));
    task.then(undefined, () => undefined); // it was aborted
    return this;
  }

  abort(): undefined {
    this.#task?.cancel();
    this.#task = undefined;
    this.busy = false;
    return undefined;
  }

  close(): void {
    this.abort();
  }

  #answer({ origin, path, method, headers, body, size }: WireRequest): Exchange {
    const url = new URL(path, origin);
    const request = { method, url, headers: headerRecord(headers), body };
    try {
      const answer = settled('handler', this.#handler(request));
      const { status = 200, headers: answered = {}, body: content = '' } = answer;
      const chunk = typeof content === 'string' ? Buffer.from(content) : content;
      const head = headOf(status, answered);
      const received = head.length + 4 + chunk.length;
      return { ...noAnswer(), status, head, chunks: [chunk], received, sent: size };
    } catch (error) {
      return noAnswer(error);
    }
  }
}

function headOf(status: number, headers: Readonly<Record<string, string>>): string {
  const lines = [...headerMap('headers', headers).values()].flatMap(([name, values]) =>
    values.map((value) => `${name}: ${value}`),
  );
  return [`HTTP/1.1 ${String(status)}`, ...lines].join('\r\n');
}
