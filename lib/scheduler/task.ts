import { chainStack } from '../chain-stack';
import { AbortError, FiberError } from '../errors';
import { access, Fiber } from '../fiber';
import { CREATED, FINISHED, type Handle } from '../native';
import { blockingTask, current } from './current';
import { breakHolds, type Hold } from './hold';
import { Phase, statusOf, type TaskStatus } from './phase';
import { Scope } from './scope';
import type { Scheduler } from './scheduler';
import { Waiter } from './waiter';
import { WaitQueue } from './wait-queue';

const noop = (): void => undefined;
const NO_ARGUMENTS: [] = [];

let lastId = 0;

/**
 * A function that runs on a stack of its own, interleaved with other tasks: it may block at any call depth
 * while they go on. Made by {@link spawn}.
 *
 * It is awaitable: `await task` outside of tasks, {@link join} inside. An error that nobody joins or awaits
 * is an unhandled rejection; the cancellation that was asked for is not.
 */
export class Task<T = unknown> implements PromiseLike<T> {
  /** A number no other task of this thread has. */
  readonly id: number = ++lastId;
  /** @internal */
  readonly fiber: Fiber;
  /** Its {@link status}. @internal */
  phase: Phase = Phase.ready;
  /** The fiber's. @internal */
  handle: Handle = CREATED;
  /** The innermost scope that it runs in. @internal */
  scope: Scope;
  /** What it sleeps in. @internal */
  waiter: Waiter | undefined = undefined;
  /** What it sleeps in when it waits in a queue, again and again. @internal */
  queueWaiter: Waiter | undefined = undefined;
  /** The locks that it holds. @internal */
  holds: Hold | undefined = undefined;
  /** @internal */
  nextReady: Task | undefined = undefined;
  /** Neighbours in the list of tasks that have not ended. @internal */
  nextAlive: Task | undefined = undefined;
  /** @internal */
  previousAlive: Task | undefined = undefined;
  /** Whether the process waits for it, and a sleep that nobody ends is a deadlock. @internal */
  keepsAlive = true;
  /** Whether somebody else reports its error. @internal */
  observed = false;

  readonly #own: Scope;
  #fn: ((...args: unknown[]) => T) | undefined;
  #args: unknown[];
  #outcome: unknown = undefined;
  #joiners: WaitQueue | undefined = undefined;
  #onEnd: ((task: Task) => void) | undefined;
  #promise: Promise<T> | undefined = undefined;
  #settle: { resolve: (value: T) => void; reject: (error: unknown) => void } | undefined =
    undefined;

  /** @internal */
  constructor(
    /** @internal */
    readonly scheduler: Scheduler,
    fn: (...args: unknown[]) => T,
    args: unknown[],
    scope: Scope | undefined,
    onEnd?: (task: Task) => void,
  ) {
    this.#fn = fn;
    this.#args = args;
    this.#own = this.scope = new Scope(this as Task, scope);
    this.#onEnd = onEnd;
    this.fiber = new Fiber(runTask);
  }

  /** Shown in stack dumps and reports. Default: `task` and its id. */
  get name(): string {
    return this.#name ?? `task ${String(this.id)}`;
  }

  set name(name: string) {
    this.#name = name;
    this.fiber.name = name;
  }

  #name: string | undefined = undefined;

  /** Where the task is in its life. */
  get status(): TaskStatus {
    return statusOf(this.phase);
  }

  /** Whether it has ended, in whatever way. */
  get done(): boolean {
    return this.phase >= Phase.finished;
  }

  /** Aborted when the task is cancelled: hand it to whatever takes an `AbortSignal`. */
  get signal(): AbortSignal {
    return this.#own.signal;
  }

  /**
   * The JavaScript frames of where the task is, innermost first, one a line, through every fiber that it
   * waits for; empty when it has not begun or has ended.
   */
  get stack(): string {
    return chainStack(this.fiber);
  }

  /**
   * Sleeps until the task has ended and answers what it returned, or throws what it threw.
   *
   * @throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER` outside of tasks (use `await`);
   * `ERR_TASK_JOINS_ITSELF`; the reason of a cancelled scope
   */
  join(): T {
    const task = blockingTask('Task.join');
    if (task === (this as Task)) {
      throw new FiberError(
        'ERR_TASK_JOINS_ITSELF',
        'A task cannot join itself: it would sleep for ever',
      );
    }
    this.observe();
    if (!this.done) {
      Waiter.inQueue(task, 'Task.join', this).parkIn((this.#joiners ??= new WaitQueue()));
    }
    return this.#answer();
  }

  /**
   * Asks the task to end: every blocking call of it raises `reason`, by default an {@link AbortError}, so that
   * its `finally` blocks run. They may block only inside {@link shield}. A task that has ended stays as it is.
   */
  cancel(reason: unknown = new AbortError()): void {
    this.#own.cancel(reason);
  }

  /** From now on the process does not wait for this task, and its sleep is no deadlock. */
  unref(): this {
    this.keepsAlive = false;
    return this;
  }

  /** Takes {@link unref} back. */
  ref(): this {
    this.keepsAlive = true;
    return this;
  }

  /** Makes the task awaitable. */
  then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.promise().then(onValue, onError);
  }

  /** @internal */
  promise(): Promise<T> {
    if (this.#promise !== undefined) return this.#promise;
    this.observed = true;
    this.#promise = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    if (this.done) this.#settlePromise();
    return this.#promise;
  }

  /** Somebody will see its error. @internal */
  observe(): void {
    this.observed = true;
    this.#promise?.catch(noop);
  }

  /** Runs the body; on the task's own stack. @internal */
  run(): void {
    this.handle = access.handleOf(this.fiber);
    try {
      const fn = this.#fn as (...args: unknown[]) => T;
      const args = this.#args;
      this.end('finished', args.length === 0 ? fn() : fn(...args));
    } catch (error) {
      const cancelled = this.#own.isCancelled && error === this.#own.reason;
      this.end(cancelled ? 'cancelled' : 'failed', error);
    }
  }

  /** @internal */
  end(status: 'finished' | 'failed' | 'cancelled', outcome: unknown): void {
    this.phase = Phase[status];
    this.#outcome = outcome;
    this.#fn = undefined;
    this.#args = NO_ARGUMENTS;
    this.handle = FINISHED;
    this.#own.close();
    if (this.holds !== undefined) breakHolds(this as Task);
    this.scheduler.forget(this as Task);
    this.#joiners?.wakeAll(undefined);
    this.#onEnd?.(this as Task);
    this.#onEnd = undefined;
    if (this.#settle !== undefined) this.#settlePromise();
    else if (status === 'failed' && !this.observed) this.#reportError();
  }

  /** An error that nobody sees: Node reports it, once whoever is ready now had the chance to join. */
  #reportError(): void {
    const { onUnobserved } = this.scheduler;
    if (onUnobserved !== undefined) {
      onUnobserved(this.#outcome);
      return;
    }
    const afterTheReady = (): void => {
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever was thrown
      if (!this.observed) this.#promise = Promise.reject(this.#outcome);
    };
    this.scheduler.start(noop, NO_ARGUMENTS, undefined, afterTheReady);
  }

  /** The error it ended with. @internal */
  get error(): unknown {
    return this.phase === Phase.finished ? undefined : this.#outcome;
  }

  #answer(): T {
    if (this.phase !== Phase.finished) throw this.#outcome;
    return this.#outcome as T;
  }

  #settlePromise(): void {
    if (this.phase === Phase.finished) this.#settle?.resolve(this.#outcome as T);
    else this.#settle?.reject(this.#outcome);
  }
}

/** The body of every task's fiber: runs the task and answers who goes on. */
function runTask(task: Task): unknown {
  task.run();
  return task.scheduler.successor();
}

/** The task whose fibers run, or undefined. */
export function currentTask(): Task | undefined {
  return current.task;
}
