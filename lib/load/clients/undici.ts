import type { Client } from 'undici';

import type { Clock } from '../../scheduler/clock';
import type { Waiter } from '../../scheduler/waiter';
import { lazily } from '../lazy';
import type { Plan } from '../plan';
import { noAnswer, type Exchange, type Transport, type Wire, type WireRequest } from './transport';

const noop = (): void => undefined;

/**
 * HTTP/1.1 through undici's `Client`, one connection each. Undici's own callbacks fill the exchange and wake the task:
 * no promise, no stream and no header object is made for a request.
 */
class UndiciWire implements Wire {
  readonly #answers: Answers;
  busy = false;
  readonly origin: string;
  readonly #client: Client;
  readonly #clock: Clock;
  #waiter: Waiter<Exchange> | undefined = undefined;
  #exchange: Exchange | undefined = undefined;
  #discard = false;
  #abort: (error?: Error) => void = noop;

  constructor(origin: string, client: Client, clock: Clock, answers: Answers) {
    this.origin = origin;
    this.#client = client;
    this.#answers = answers;
    this.#clock = clock;
    // What fails while nobody asks is seen by the next request.
    client.on('connectionError', noop);
  }

  send(request: WireRequest, waiter: Waiter<Exchange>, discard: boolean): void {
    this.busy = true;
    this.#waiter = waiter;
    this.#discard = discard;
    this.#exchange = noAnswer();
    const { path, method, headers, body } = request;
    try {
      this.#client.dispatch({ path, method, headers, body: body ?? null }, this);
    } catch (error) {
      this.onError(error as Error);
    }
  }

  abort(): void {
    this.#waiter = undefined;
    this.#abort();
  }

  close(): void {
    void this.#client.destroy().catch(noop);
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abort = abort;
    if (this.#waiter === undefined) abort();
  }

  onHeaders(status: number, rawHeaders: Buffer[]): boolean {
    const exchange = this.#exchange;
    if (exchange !== undefined && status >= 200) {
      exchange.status = status;
      exchange.rawHeaders = rawHeaders;
    }
    return true;
  }

  onData(chunk: Buffer): boolean {
    const exchange = this.#exchange;
    if (exchange === undefined) return true;
    exchange.bytes += chunk.length;
    // The parser's memory is used again for what comes next.
    if (!this.#discard) exchange.chunks.push(Buffer.from(chunk));
    return true;
  }

  onComplete(): void {
    this.#end();
  }

  onError(error: Error): void {
    if (this.#exchange !== undefined) {
      this.#exchange.status = 0;
      this.#exchange.error = error;
    }
    this.#end();
  }

  #end(): void {
    const exchange = this.#exchange;
    const waiter = this.#waiter;
    this.busy = false;
    this.#abort = noop;
    this.#exchange = this.#waiter = undefined;
    if (exchange === undefined) return;
    exchange.ended = this.#clock.now();
    if (waiter !== undefined) this.#answers.push(waiter, exchange);
  }
}

/**
 * Wakes the tasks whose answers came in one turn of the event loop together, so that their next requests are written
 * together: half as many turns of the loop, here and in the server, as when each is written as soon as it can be.
 */
class Answers {
  #waiters: Waiter<Exchange>[] = [];
  #exchanges: Exchange[] = [];

  push(waiter: Waiter<Exchange>, exchange: Exchange): void {
    this.#waiters.push(waiter);
    this.#exchanges.push(exchange);
    if (this.#waiters.length === 1) setImmediate(this.#wake);
  }

  readonly #wake = (): void => {
    const waiters = this.#waiters;
    const exchanges = this.#exchanges;
    this.#waiters = [];
    this.#exchanges = [];
    for (const [index, exchange] of exchanges.entries()) waiters[index]?.wake(exchange);
  };
}

/** Requests that go out over the network. */
export class UndiciTransport implements Transport {
  readonly #plan: Plan;
  readonly #clock: Clock;
  readonly #answers = new Answers();

  constructor(plan: Plan, clock: Clock) {
    this.#plan = plan;
    this.#clock = clock;
    lazily.undici(); // takes some tens of milliseconds, which no request should wait
  }

  wire(origin: string): Wire {
    const { timeout, insecure } = this.#plan;
    const { Client } = lazily.undici();
    const client = new Client(origin, {
      pipelining: 1,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      connect: { timeout, rejectUnauthorized: !insecure },
    });
    return new UndiciWire(origin, client, this.#clock, this.#answers);
  }
}
