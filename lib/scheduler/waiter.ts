import { spliceAsyncFrames } from '../base/stack-trace';
import type { KeepAlive } from './clock';
import { blockingTask } from './current';
import type { Task } from './task';
import type { Place, WaitQueue } from './wait-queue';

/**
 * One sleep of one task, and the token that ends it: settled once, by whatever comes first. What comes later
 * is a no-op, so a stale timer or a lost race does no harm.
 */
export class Waiter<T = unknown> implements Place {
  queue: WaitQueue | undefined = undefined;
  next: Place | undefined = undefined;
  previous: Place | undefined = undefined;
  item: unknown = undefined;
  settled = false;
  /** What keeps the process alive for this sleep. */
  keeper: KeepAlive | undefined = undefined;
  #parked = false;
  #failed = false;
  #cancellable = false;
  #value: unknown = undefined;
  #undo: (() => void) | undefined = undefined;

  /**
   * @param what - the blocking function, for reports: `Channel.receive`
   * @param on - what it waits for, for reports
   */
  constructor(
    readonly task: Task,
    public what: string,
    public on?: unknown,
  ) {}

  /**
   * For the running task, at a blocking call.
   *
   * @throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER`; the reason of a cancelled scope
   */
  static begin<T>(what: string, on?: unknown): Waiter<T> {
    return new Waiter<T>(blockingTask(what), what, on);
  }

  /**
   * For a sleep in a queue, or for a promise: nobody else refers to it, so a task's next such sleep can have the same
   * one. To be used by {@link parkIn} or {@link parkAgain} at once.
   */
  static inQueue<T>(task: Task, what: string, on: unknown): Waiter<T> {
    const waiter = (task.queueWaiter ??= new Waiter(task, what, on));
    waiter.what = what;
    waiter.on = on;
    waiter.settled = false;
    return waiter as Waiter<T>;
  }

  /** Ends the sleep: {@link park} returns `value`. Returns whether it was still to be ended. */
  wake(value: T): boolean {
    return this.#settle(value, false);
  }

  /** {@link wake} or {@link fail}, from the bottom of a microtask: the task goes on now. */
  settleAndRun(value: unknown, failed: boolean): void {
    if (this.settled) return;
    this.settled = true;
    this.#value = value;
    this.#failed = failed;
    if (this.#parked) this.task.scheduler.makeReadyAndRun(this.task);
  }

  /** Ends the sleep: {@link park} throws `error`. Returns whether it was still to be ended. */
  fail(error: unknown): boolean {
    return this.#settle(error, true);
  }

  /**
   * Ends the sleep because its scope was cancelled: the operation did not happen. One that cannot be taken back
   * any more goes on.
   */
  cancel(reason: unknown): void {
    if (this.settled || !this.#cancellable) return;
    if (this.queue !== undefined && !this.queue.mayLeave(this)) return;
    this.#settle(reason, true);
    this.#takeBack();
  }

  /**
   * Sleeps until settled. `undo` takes the operation back when it is cancelled, and makes it cancellable; a
   * sleep without it is not.
   */
  park(undo?: () => void): T {
    if (!this.settled) {
      this.#undo = undo;
      this.#cancellable = undo !== undefined;
      this.#sleep();
    }
    if (this.#failed) throw this.#raised(this.#value);
    return this.#value as T;
  }

  /** As {@link park}, for one that is used again: it keeps nothing. */
  parkAgain(undo: () => void): T {
    this.#undo = undo;
    this.#cancellable = true;
    this.#sleep();
    return this.#taken();
  }

  /** Sleeps at the end of `queue` until served; when it is cancelled, it leaves the queue. */
  parkIn(queue: WaitQueue, cancellable = true): T {
    queue.push(this);
    this.#cancellable = cancellable;
    this.#sleep();
    return this.#taken();
  }

  #taken(): T {
    const value = this.#value;
    this.#value = undefined;
    if (this.#failed) throw this.#raised(value);
    return value as T;
  }

  #sleep(): void {
    this.#parked = true;
    this.task.waiter = this;
    try {
      this.task.scheduler.suspend(this.task);
    } catch (error) {
      // This place cannot be left: a microtask drain lies below.
      if (!this.settled) {
        this.settled = true;
        this.#takeBack();
      }
      this.#wakeUp();
      throw error;
    }
    this.#wakeUp();
  }

  #wakeUp(): void {
    this.task.waiter = undefined;
    this.item = this.on = this.keeper = this.#undo = undefined;
  }

  /** An error that came about elsewhere: its trace goes on with who slept. A cancellation's is that of who cancelled. */
  #raised(error: unknown): unknown {
    if (!this.task.isCancelled || error !== this.task.scope.reason) spliceAsyncFrames(error);
    return error;
  }

  #takeBack(): void {
    this.queue?.remove(this);
    this.#undo?.();
  }

  #settle(value: unknown, failed: boolean): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.#value = value;
    this.#failed = failed;
    if (this.#parked) this.task.scheduler.makeReady(this.task);
    return true;
  }
}
