import { checkInteger, wrongValue } from '../base/validators';
import { blockingTask } from '../scheduler/current';
import { Waiter } from '../scheduler/waiter';
import { WaitQueue } from '../scheduler/wait-queue';
import { showAs } from '../base/look';

const LARGEST_COUNT = 2 ** 31 - 1;

/** Counts what is under way, wherever it is; {@link group} does it for tasks that belong together. */
export class WaitGroup {
  /** Shown in reports. */
  name = '';

  readonly #waiting = new WaitQueue();
  #count = 0;

  /** How much is under way. */
  get count(): number {
    return this.#count;
  }

  /**
   * So much more is under way. Also outside of tasks.
   *
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
   */
  add(count = 1): void {
    checkInteger('count', count, 0, LARGEST_COUNT - this.#count);
    this.#count += count;
  }

  /**
   * One is done; the last wakes everyone who waits. Also outside of tasks.
   *
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_VALUE` when nothing is under way
   */
  done(): void {
    if (this.#count === 0) throw wrongValue('WaitGroup.count', 'above 0 when done() is called', 0);
    if (--this.#count === 0) this.#waiting.wakeAll(undefined);
  }

  /**
   * Sleeps until nothing is under way.
   *
   * @throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  wait(): void {
    const task = blockingTask('WaitGroup.wait');
    if (this.#count > 0) Waiter.inQueue(task, 'WaitGroup.wait', this).parkIn(this.#waiting);
  }
}

showAs(WaitGroup, ({ name, count }) => ({ name, count }));
