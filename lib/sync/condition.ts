import { nativeError } from '../base/errors';
import { runtime } from '../fiber/fiber';
import { checkFunction, checkInteger, wrongType } from '../base/validators';
import { blockingTask } from '../scheduler/current';
import { settled } from '../scheduler/settled';
import { handleOf } from '../scheduler/task';
import { Waiter } from '../scheduler/waiter';
import { WaitQueue } from '../scheduler/wait-queue';
import { Mutex } from './mutex';
import { showAs } from '../base/look';

const { isParkable } = runtime.fibers;
/** Its place in {@link nativeError}'s list. */
const NOT_YIELDABLE = 3;

/**
 * Lets tasks that hold a mutex wait for a change of what it protects. Whoever makes the change holds the mutex and
 * notifies.
 */
export class Condition {
  /** Held around every call. */
  readonly mutex: Mutex;
  /** Shown in reports. */
  name = '';

  readonly #waiting = new WaitQueue();

  /**
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
   */
  constructor(mutex: Mutex = new Mutex()) {
    if (!((mutex as unknown) instanceof Mutex)) throw wrongType('mutex', 'a Mutex', mutex);
    this.mutex = mutex;
  }

  /**
   * Releases the mutex, sleeps until notified, and takes the mutex again: it is held when this returns, and also
   * when it throws. Check again what was waited for; another task may have run first, or use {@link waitUntil}.
   *
   * @throws {@link FiberError} `ERR_LOCK_NOT_OWNER`, `ERR_FIBER_NOT_IN_FIBER`; `ERR_LOCK_BROKEN`, without the mutex;
   * the reason of a cancelled scope
   */
  wait(): void {
    const task = blockingTask('Condition.wait');
    const { mutex } = this;
    mutex.checkOwner('Condition.wait');
    if (!isParkable(handleOf(task))) throw nativeError(NOT_YIELDABLE); // while the mutex is still held
    mutex.release();
    mutex.conditions.add(this.#waiting);
    try {
      Waiter.inQueue(task, 'Condition.wait', this).parkIn(this.#waiting);
    } finally {
      if (this.#waiting.isEmpty) mutex.conditions.delete(this.#waiting);
      // Whatever ended the wait, and not to be cancelled: the caller's finally blocks rely on it.
      mutex.acquire(task, 'Condition.wait', mutex, false);
    }
  }

  /**
   * {@link wait}s until `predicate` returns true.
   *
   * @throws as {@link wait}, and what `predicate` throws; `ERR_FIBER_INVALID_ARG_TYPE`
   */
  waitUntil(predicate: () => Promise<boolean> | boolean): void {
    checkFunction('predicate', predicate);
    while (!settled('Condition.waitUntil', predicate())) this.wait();
  }

  /**
   * Wakes those who have waited longest, `count` of them.
   *
   * @throws {@link FiberError} `ERR_LOCK_NOT_OWNER`; `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
   */
  notify(count = 1): void {
    checkInteger('count', count, 1, 2 ** 31 - 1);
    this.mutex.checkOwner('Condition.notify');
    for (let left = count; left > 0 && !this.#waiting.isEmpty; left--) {
      this.#waiting.shift()?.wake(undefined);
    }
  }

  /**
   * Wakes everyone who waits.
   *
   * @throws {@link FiberError} `ERR_LOCK_NOT_OWNER`
   */
  notifyAll(): void {
    this.mutex.checkOwner('Condition.notifyAll');
    this.#waiting.wakeAll(undefined);
  }
}

showAs(Condition, ({ name, mutex }) => ({ name, mutex }));
