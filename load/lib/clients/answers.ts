import type { Waiter } from 'greenfiber/lowlevel';

import type { Exchange } from './transport';

/**
 * Wakes the tasks whose answers came in one turn of the event loop together, so that their next requests are written
 * together: half as many turns of the loop, here and in the server, as when each is written as soon as it can be.
 */
export class Answers {
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
