import { FiberError } from '../base/errors';
import { checkInteger } from '../base/validators';
import { blockingTask } from '../scheduler/current';
import { Waiter } from '../scheduler/waiter';
import { WaitQueue } from '../scheduler/wait-queue';
import { showAs } from '../base/look';

/**
 * Where a number of tasks wait until all have come, again and again. When one of them is cancelled there, the
 * others would wait for ever: the barrier is broken until {@link reset}.
 */
export class Barrier {
  /** How many tasks meet. */
  readonly parties: number;
  /** Shown in reports. */
  name = '';

  readonly #waiting = new WaitQueue();
  #arrived = 0;
  #broken = false;

  /**
   * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_INVALID_ARG_VALUE`
   */
  constructor(parties: number) {
    checkInteger('parties', parties, 1, 2 ** 31 - 1);
    this.parties = parties;
  }

  /** How many tasks wait. */
  get waiting(): number {
    return this.#arrived;
  }

  /** Whether a task left before all had come. */
  get broken(): boolean {
    return this.#broken;
  }

  /**
   * Sleeps until all have come. Returns the place in which this task came, from 0; the last one did not sleep.
   *
   * @throws {@link FiberError} `ERR_BARRIER_BROKEN`, `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  wait(): number {
    const task = blockingTask('Barrier.wait');
    if (this.#broken) throw brokenError();
    const place = this.#arrived++;
    if (this.#arrived === this.parties) {
      this.#arrived = 0;
      this.#waiting.wakeAll(undefined);
      return place;
    }
    const waiter = new Waiter(task, 'Barrier.wait', this);
    this.#waiting.push(waiter);
    waiter.park(() => {
      this.#break();
    });
    return place;
  }

  /** Sends everyone who waits away with `ERR_BARRIER_BROKEN`, and begins anew. Also outside of tasks. */
  reset(): void {
    this.#break();
    this.#broken = false;
  }

  #break(): void {
    this.#broken = true;
    this.#arrived = 0;
    this.#waiting.failAll(brokenError);
  }
}

showAs(Barrier, ({ name, parties, waiting, broken }) => ({
  name,
  parties,
  waiting,
  broken: broken || undefined,
}));

function brokenError(): FiberError {
  return new FiberError(
    'ERR_BARRIER_BROKEN',
    'A task left the barrier before all had come, or it was reset: call reset() and let all come again',
  );
}
