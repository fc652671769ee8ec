import { chainStack } from '../fiber/chain-stack';
import { AbortError, FiberError } from '../base/errors';
import { access, Fiber } from '../fiber/fiber';
import { LATE } from '../fiber/fiber-access';
import { CREATED, FINISHED, type Handle } from '../native/native';
import { checkFiberOptions } from '../base/validators';
import { removeOwnFrames, spliceAsyncFrames } from '../base/stack-trace';
import { blockingTask, current } from './current';
import { channels, publish } from './diagnostics';
import { breakHolds, type Hold } from './hold';
import { Phase, statusOf, type TaskStatus } from './phase';
import { asPromise } from './promise-watch';
import { Promised } from '../base/promised';
import type { Reaction } from './reaction';
import { Scope } from './scope';
import { settled } from './settled';
import type { Scheduler } from './scheduler';
import { Waiter } from './waiter';
import { WaitQueue } from './wait-queue';
import { showAs } from '../base/look';

const noop: (...args: unknown[]) => void = () => undefined;
const NO_ARGUMENTS: [] = [];
/** The arguments of a task that greenfiber makes for itself, of which nobody is told. */
export const OURS: unknown[] = [];
const { cancelled, end: ended } = channels;

let lastId = 0;

/** How many tasks this thread has made so far. */
export function tasksMade(): number {
  return lastId;
}

/** The handle of the fiber that runs a task. */
export let handleOf: (task: Task) => Handle;

/** The name that a task was given. */
export let nameGivenTo: (task: Task) => string | undefined;

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
  /** Its {@link status}. @internal */
  phase: Phase = Phase.ready;
  /** The fiber's. Native code goes where it says: nobody else may change it. */
  #handle: Handle = CREATED;
  /** What it sleeps in. @internal */
  waiter: Waiter | undefined = undefined;
  /** What it sleeps in when it waits in a queue or for a promise, again and again. @internal */
  queueWaiter: Waiter | undefined = undefined;
  /** What it asks a promise with, again and again. @internal */
  reaction: Reaction | undefined = undefined;
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

  /** Most tasks are never cancelled and open no scope: their own is made when somebody asks for it. */
  #innermost: Scope | undefined;
  /** A task that waits for its first turn has none, unless somebody wants to know of every fiber. */
  #fiber: Fiber | undefined;
  /** The asynchronous context that it begins in, until then. */
  #frame: unknown;
  #fn: ((...args: unknown[]) => T) | undefined;
  #args: unknown[];
  #outcome: unknown = undefined;
  #joiners: WaitQueue | undefined = undefined;
  #onEnd: ((task: Task) => void) | undefined;
  #promised: Promised<T> | undefined = undefined;
  #name: string | undefined = undefined;

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
    if (scope !== undefined) {
      this.#innermost = new Scope(this as Task, scope);
      this.keepsAlive = scope.task.keepsAlive;
    }
    this.#onEnd = onEnd;
    this.#frame = access.frameOfLateFiber();
    this.#fiber = this.#frame === null ? new Fiber(Task.run) : undefined;
  }

  /** Shown in stack dumps and reports. Default: `task` and its id. */
  get name(): string {
    return this.#name ?? `task ${String(this.id)}`;
  }

  set name(name: string) {
    this.#name = checkFiberOptions({ name }).name;
    if (this.#fiber !== undefined) this.#fiber.name = name;
  }

  /** Where the task is in its life. */
  get status(): TaskStatus {
    return statusOf(this.phase);
  }

  /** Whether it has ended, in whatever way. */
  get done(): boolean {
    return this.phase >= Phase.finished;
  }

  /**
   * Aborted when the task as a whole is cancelled: hand it to whatever takes an `AbortSignal`. In the task,
   * {@link currentSignal} is aborted also when a timeout or group around the call is cancelled.
   */
  get signal(): AbortSignal {
    return this.#own().signal;
  }

  /**
   * The JavaScript frames of where the task is, innermost first, one a line, through every fiber that it
   * waits for; empty when it has not begun or has ended.
   */
  get stack(): string {
    return this.#fiber === undefined ? '' : chainStack(this.#fiber);
  }

  /**
   * Sleeps until the task has ended and returns what it returned, or throws what it threw.
   *
   * @throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER` outside of tasks (use `await`);
   * `ERR_TASK_JOINS_ITSELF`; the reason of a cancelled scope
   */
  join(): T {
    this.observe(); // also by a call that raises
    const task = blockingTask('Task.join');
    if (task === (this as Task)) {
      throw new FiberError(
        'ERR_TASK_JOINS_ITSELF',
        'A task cannot join itself: it would sleep for ever',
      );
    }
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
    this.#own().cancel(reason);
  }

  /** From now on the process does not wait for this task, and its sleep is no deadlock. */
  unref(): this {
    this.keepAlive(false);
    return this;
  }

  /** Takes {@link unref} back. */
  ref(): this {
    this.keepAlive(true);
    return this;
  }

  /** Also where it sleeps now, and for the limits and groups that it is in. @internal */
  keepAlive(yes: boolean): void {
    if (this.keepsAlive === yes || this.done) return;
    this.keepsAlive = yes;
    this.waiter?.keeper?.keepAlive(yes);
    if (this.#innermost !== undefined) this.#own().keepAlive(yes);
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
    this.observed = true;
    if (this.#promised === undefined) {
      this.#promised = new Promised();
      if (this.done) this.#settlePromise();
    }
    return this.#promised.promise;
  }

  /** @internal */
  [asPromise](): Promise<T> {
    return this.promise();
  }

  /** Somebody will see its error. @internal */
  observe(): void {
    this.observed = true;
    this.#promised?.promise.catch(noop);
  }

  /** The innermost scope that it runs in. @internal */
  get scope(): Scope {
    return (this.#innermost ??= new Scope(this as Task, undefined));
  }

  set scope(scope: Scope) {
    this.#innermost = scope;
  }

  /** The same, if it has one already. @internal */
  get innermostScope(): Scope | undefined {
    return this.#innermost;
  }

  /** Whether a blocking call that it makes now raises: its innermost scope was cancelled. A long computation may look. */
  get isCancelled(): boolean {
    return this.#innermost !== undefined && this.#innermost.isCancelled;
  }

  /** Undefined once it has ended, and mostly also before it begins. @internal */
  get fiber(): Fiber | undefined {
    return this.#fiber;
  }

  /** For its first turn: the fiber that runs it. @internal */
  begin(): Fiber {
    if (this.#fiber !== undefined) return this.#fiber;
    const fiber = new Fiber(Task.run, undefined, LATE, this.#frame);
    if (this.#name !== undefined) fiber.name = this.#name;
    this.#fiber = fiber;
    return fiber;
  }

  /** The outermost of its scopes. */
  #own(): Scope {
    let { scope } = this;
    while (scope.parent?.task === this) scope = scope.parent;
    return scope;
  }

  #endsCancelled(error: unknown): boolean {
    if (this.#innermost === undefined) return false;
    const own = this.#own();
    return own.isCancelled && error === own.reason;
  }

  /** The body of every task's fiber: runs the task and returns who goes on. @internal */
  static run(task: Task): unknown {
    if (task.#fiber !== undefined) task.#handle = access.handleOf(task.#fiber);
    try {
      const fn = task.#fn as (...args: unknown[]) => unknown;
      const args = task.#args;
      let value = args.length === 0 ? fn() : fn(...args);
      if (typeof value === 'object') value = settled('spawn', value);
      task.end('finished', value);
    } catch (error) {
      task.end(task.#endsCancelled(error) ? 'cancelled' : 'failed', error);
    }
    return task.scheduler.successor();
  }

  static {
    handleOf = (task) => task.#handle;
    nameGivenTo = (task) => task.#name;
  }

  /** @internal */
  end(status: 'finished' | 'failed' | 'cancelled', outcome: unknown): void {
    this.phase = Phase[status];
    this.#outcome = outcome;
    this.#fn = undefined;
    if (this.#args !== OURS) this.#args = NO_ARGUMENTS;
    this.#handle = FINISHED;
    this.#fiber = undefined;
    this.#frame = undefined;
    if (this.#innermost !== undefined) this.#own().close();
    if (this.holds !== undefined) breakHolds(this as Task);
    this.scheduler.forget(this as Task);
    this.#joiners?.wakeAll(undefined);
    this.#onEnd?.(this as Task);
    this.#onEnd = undefined;
    if (this.#promised !== undefined) this.#settlePromise();
    else if (status === 'failed' && !this.observed) this.#reportError();
    if (status === 'cancelled' && cancelled.hasSubscribers) this.#publish('cancelled');
    if (ended.hasSubscribers && this.#args !== OURS) this.#publish('end');
  }

  #publish(what: 'cancelled' | 'end'): void {
    publish(what, { task: this as Task, error: this.error });
  }

  /** An error that nobody sees: Node reports it, once whoever is ready now had the chance to join. */
  #reportError(): void {
    const { onUnobserved } = this.scheduler;
    if (onUnobserved !== undefined) {
      onUnobserved(this.#outcome);
      return;
    }
    const afterTheReady = (): void => {
      if (!this.observed) void this.promise();
    };
    this.scheduler.start(noop, OURS, undefined, afterTheReady);
  }

  /** The error it ended with. @internal */
  get error(): unknown {
    return this.phase === Phase.finished ? undefined : this.#outcome;
  }

  #answer(): T {
    if (this.phase !== Phase.finished) {
      spliceAsyncFrames(this.#outcome);
      throw this.#outcome;
    }
    return this.#outcome as T;
  }

  #settlePromise(): void {
    if (this.phase === Phase.finished) this.#promised?.resolve(this.#outcome as T);
    else {
      removeOwnFrames(this.#outcome);
      this.#promised?.reject(this.#outcome);
    }
  }
}

showAs(Task, ({ id, name, status, keepsAlive, waiter, error, phase }) => ({
  id,
  name: name === `task ${String(id)}` ? undefined : name,
  status,
  waitsIn: waiter?.what,
  background: keepsAlive ? undefined : true,
  error: phase > Phase.finished ? error : undefined,
}));

/**
 * Aborted when a blocking call here would raise: the signal of the running task's innermost scope, be it a timeout, a
 * group or the task itself. Undefined outside of tasks.
 *
 * ```js
 * timeout(1000, () => wait(fetch(url, { signal: currentSignal() })));
 * ```
 */
export function currentSignal(): AbortSignal | undefined {
  return current.task?.scope.signal;
}

/** The task whose fibers run, or undefined. */
export function currentTask(): Task | undefined {
  return current.task;
}
