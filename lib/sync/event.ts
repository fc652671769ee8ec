import { blockingTask } from '../scheduler/current';
import { Waiter } from '../scheduler/waiter';
import { WaitQueue } from '../scheduler/wait-queue';
import { showAs } from '../base/look';

/** Something that happens once, until it is cleared: everyone who waits for it goes on. */
export class Event {
  /** Shown in reports. */
  name = '';

  readonly #waiting = new WaitQueue();
  #isSet = false;

  /** Whether it has happened. */
  get isSet(): boolean {
    return this.#isSet;
  }

  /** It has happened: wakes everyone who waits. Also outside of tasks. */
  set(): void {
    this.#isSet = true;
    this.#waiting.wakeAll(undefined);
  }

  /** It has not happened. Who was woken goes on all the same. */
  clear(): void {
    this.#isSet = false;
  }

  /**
   * Sleeps until it has happened.
   *
   * @throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  wait(): void {
    const task = blockingTask('Event.wait');
    if (!this.#isSet) Waiter.inQueue(task, 'Event.wait', this).parkIn(this.#waiting);
  }
}

showAs(Event, ({ name, isSet }) => ({ name, isSet }));
