import { showAs } from '../base/look';
import { currentClock } from '../lowlevel/current-clock';
import { checkFunction, checkInteger, wrongNumber } from '../base/validators';
import { sleep } from '../scheduler/blocking';
import { blockingTask } from '../scheduler/current';
import { settled } from '../scheduler/settled';
import { Ring } from '../sync/ring';
import { Semaphore } from '../sync/semaphore';

/** Lets so many through in any so many milliseconds; made by {@link rateLimit}. */
export class RateLimit {
  /** How many are let through in any {@link per} milliseconds. */
  readonly calls: number;
  /** Milliseconds. */
  readonly per: number;
  /** Shown in reports. */
  name = '';

  /** When the latest were let through, the oldest first. */
  readonly #moments = new Ring<number>();
  /** Held by the one whose turn it is; the others wait for it, in their order. */
  readonly #turn = new Semaphore(1);

  /** @internal */
  constructor(calls: number, per: number) {
    this.calls = calls;
    this.per = per;
  }

  /**
   * Sleeps until one more is let through, in the order in which tasks came. Who is cancelled there uses nothing up.
   *
   * @throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  acquire(): void {
    blockingTask('RateLimit.acquire');
    if (this.#turn.available > 0 && this.#take()) return;
    this.#turn.run(() => {
      // The clock may have gone on since it was looked at.
      while (!this.#take()) sleep(Math.max(0, this.#left()));
    });
  }

  /** Takes a place if there is one at once, and nobody waits for it. Also outside of tasks. */
  tryAcquire(): boolean {
    return this.#turn.available > 0 && this.#take();
  }

  /**
   * Runs `fn` when it is let through.
   *
   * @throws as {@link acquire}, and what `fn` throws; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
   */
  run<T>(fn: () => Promise<T> | T): T {
    checkFunction('fn', fn);
    this.acquire();
    return settled('RateLimit.run', fn());
  }

  #take(): boolean {
    while (this.#moments.length > 0 && this.#left() <= 0) this.#moments.shift();
    if (this.#moments.length >= this.calls) return false;
    this.#moments.push(currentClock().now());
    return true;
  }

  /** Milliseconds until the oldest does not count any more. */
  #left(): number {
    return this.#moments.first + this.per - currentClock().now();
  }
}

showAs(RateLimit, ({ name, calls, per }) => ({ name, calls, per }));

/**
 * Lets `calls` through in any `per` milliseconds, first come first served.
 *
 * ```js
 * const limit = rateLimit(10, 1000);
 * for (const url of urls) limit.run(() => fetch(url));
 * ```
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
 */
export function rateLimit(calls: number, per: number): RateLimit {
  checkInteger('calls', calls, 1, 2 ** 31 - 1);
  if (typeof per !== 'number' || !(per > 0)) {
    throw wrongNumber('per', 'a number of milliseconds above 0', per);
  }
  return new RateLimit(calls, per);
}
