import type { Clock } from '../../scheduler/clock';
import { spawn } from '../../scheduler/spawn';
import type { Task } from '../../scheduler/task';
import type { Waiter } from '../../scheduler/waiter';
import { noAnswer, type Exchange, type Transport, type Wire, type WireRequest } from './transport';

/** A request, for a handler in the same process. */
export interface HandlerRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

/** What a handler answers. */
export interface HandlerResponse {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** A server in the same process: it may block, on the clock of the run. What it throws is a failed request. */
export type InProcessHandler = (request: HandlerRequest) => HandlerResponse;

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

class InProcessWire implements Wire {
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

  send(request: WireRequest, waiter: Waiter<Exchange>): void {
    this.busy = true;
    this.#task = spawn(() => {
      const exchange = this.#answer(request);
      this.busy = false;
      exchange.ended = this.#clock.now();
      waiter.wake(exchange);
    });
    this.#task.observe();
  }

  abort(): void {
    this.#task?.cancel();
  }

  close(): void {
    this.abort();
  }

  #answer({ origin, path, method, headers, body }: WireRequest): Exchange {
    const request = { method, url: new URL(path, origin), headers, body };
    try {
      const { status = 200, headers: answered = {}, body: content = '' } = this.#handler(request);
      const chunk = typeof content === 'string' ? Buffer.from(content) : content;
      return {
        status,
        rawHeaders: Object.entries(answered).flat(),
        chunks: [chunk],
        bytes: chunk.length,
        ended: 0,
        error: undefined,
      };
    } catch (error) {
      return noAnswer(error);
    }
  }
}
