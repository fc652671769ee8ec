import { FiberError } from '../base/errors';
import { checkFunction, checkInteger } from '../base/validators';
import { blockingTask } from '../scheduler/current';
import { settled } from '../scheduler/settled';
import { Waiter } from '../scheduler/waiter';
import { WaitQueue } from '../scheduler/wait-queue';
import { LockGuard } from './mutex';
import { showAs } from '../base/look';

const LARGEST_COUNT = 2 ** 31 - 1;

/**
 * A number of permits, handed out in the order in which tasks ask. Nobody owns one: any task, and the main stack,
 * may release.
 */
export class Semaphore {
  /** Permits that there are at most. */
  readonly limit: number;
  /** Shown in reports. */
  name = '';

  readonly #waiting = new WaitQueue();
  readonly #guard = new LockGuard(() => {
    this.release();
  });
  #available: number;

  /**
   * @param permits - that are available at first
   * @param limit - a release beyond it is an error; by default there is none
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
   */
  constructor(permits: number, limit = LARGEST_COUNT) {
    checkInteger('permits', permits, 0, LARGEST_COUNT);
    checkInteger('limit', limit, Math.max(1, permits), LARGEST_COUNT);
    this.#available = permits;
    this.limit = limit;
  }

  /** Permits that can be had at once. */
  get available(): number {
    return this.#available;
  }

  /**
   * Sleeps until there is a permit and takes it. What it returns releases it at the end of a `using` block.
   *
   * @throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  acquire(): LockGuard {
    const task = blockingTask('Semaphore.acquire');
    if (!this.tryAcquire()) {
      Waiter.inQueue(task, 'Semaphore.acquire', this).parkIn(this.#waiting);
    }
    return this.#guard;
  }

  /** Takes a permit if there is one, and returns whether it did. Also outside of tasks. */
  tryAcquire(): boolean {
    if (this.#available === 0) return false;
    this.#available--;
    return true;
  }

  /**
   * Hands a permit to the task that has waited longest, or puts it back. Also outside of tasks.
   *
   * @throws {@link FiberError} `ERR_LOCK_NOT_OWNER` beyond the limit
   */
  release(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next.wake(undefined);
      return;
    }
    if (this.#available >= this.limit) {
      throw new FiberError(
        'ERR_LOCK_NOT_OWNER',
        `Semaphore.release: all ${String(this.limit)} permits are back already: release what was acquired, once`,
      );
    }
    this.#available++;
  }

  /**
   * Runs `fn` while it has a permit.
   *
   * @throws as {@link acquire}, and what `fn` throws; `ERR_FIBER_INVALID_ARG_TYPE`
   */
  run<T>(fn: () => Promise<T> | T): T {
    checkFunction('fn', fn);
    this.acquire();
    try {
      return settled('Semaphore.run', fn());
    } finally {
      this.release();
    }
  }
}

showAs(Semaphore, ({ name, available, limit }) => ({
  name,
  available,
  limit: limit === LARGEST_COUNT ? undefined : limit,
}));
