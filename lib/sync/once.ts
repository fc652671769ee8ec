import { checkFunction } from '../base/validators';
import { blockingTask } from '../scheduler/current';
import { settled } from '../scheduler/settled';
import type { Task } from '../scheduler/task';
import { Mutex } from './mutex';
import { showAs } from '../base/look';

/** Something that is done once, by the first task that needs it, while the others wait for its value. */
export class Once<T> {
  /** Shown in reports. */
  name = '';

  readonly #mutex = new Mutex();
  #result: { value: T } | undefined = undefined;

  /** Whether it is done. */
  get done(): boolean {
    return this.#result !== undefined;
  }

  /** Who does it, for reports. @internal */
  get owners(): readonly Task[] {
    return this.#mutex.owners;
  }

  /**
   * Runs `fn` unless it was done before, and returns its value. When `fn` throws, or is cancelled, the error is
   * its caller's alone, and the next one tries again.
   *
   * @throws what `fn` throws; {@link FiberError} `ERR_LOCK_REENTRANT` inside `fn`; `ERR_LOCK_BROKEN`,
   * `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  run(fn: () => Promise<T> | T): T {
    checkFunction('fn', fn);
    const task = blockingTask('Once.run');
    if (this.#result !== undefined) return this.#result.value;
    this.#mutex.acquire(task, 'Once.run', this);
    try {
      this.#result ??= { value: settled('Once.run', fn()) };
      return this.#result.value;
    } finally {
      this.#mutex.unlock();
    }
  }
}

showAs(Once, ({ name, done }) => ({ name, done }));
