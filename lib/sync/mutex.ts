import { checkFunction } from '../base/validators';
import { blockingTask, current, runningTask } from '../scheduler/current';
import { Hold, type Breakable } from '../scheduler/hold';
import { settled } from '../scheduler/settled';
import type { Task } from '../scheduler/task';
import { Waiter } from '../scheduler/waiter';
import { WaitQueue } from '../scheduler/wait-queue';
import { brokenError, notOwnerError, reentrantError } from './lock-errors';
import { showAs } from '../base/look';

/** Releases a lock at the end of a block: `using held = mutex.lock();`. */
export class LockGuard implements Disposable {
  readonly #release: () => void;

  /** @internal */
  constructor(release: () => void) {
    this.#release = release;
  }

  /** Releases the lock. */
  [Symbol.dispose](): void {
    this.#release();
  }
}

showAs(LockGuard, () => ({}));

/**
 * Lets one task at a time into what it protects, in the order in which they came. Not re-entrant. When the task
 * that holds it ends, the mutex is broken for good.
 */
export class Mutex implements Breakable {
  /** Shown in reports. */
  name = '';

  /** Those who wait for a change of what it protects: nobody can announce one when it is broken. @internal */
  readonly conditions = new Set<WaitQueue>();

  readonly #hold = new Hold(this);
  readonly #waiting = new WaitQueue<Waiter>();
  readonly #guard = new LockGuard(() => {
    this.unlock();
  });
  #broken = false;

  /** Whether a task holds it. */
  get locked(): boolean {
    return this.#hold.owner !== undefined;
  }

  /** Whether a task that held it ended without releasing it. */
  get broken(): boolean {
    return this.#broken;
  }

  /** @internal */
  get owner(): Task | undefined {
    return this.#hold.owner;
  }

  /** Who has to act before a waiter goes on, for reports. @internal */
  get owners(): readonly Task[] {
    return this.#hold.owner === undefined ? [] : [this.#hold.owner];
  }

  /**
   * Sleeps until the mutex is free and takes it. What it returns releases it at the end of a `using` block.
   *
   * @throws {@link FiberError} `ERR_LOCK_REENTRANT`, `ERR_LOCK_BROKEN`, `ERR_FIBER_NOT_IN_FIBER`; the reason of a
   * cancelled scope
   */
  lock(): LockGuard {
    this.acquire(blockingTask('Mutex.lock'), 'Mutex.lock', this);
    return this.#guard;
  }

  /**
   * Takes the mutex if it is free, and returns whether it did.
   *
   * @throws {@link FiberError} `ERR_LOCK_REENTRANT`, `ERR_LOCK_BROKEN`, `ERR_FIBER_NOT_IN_FIBER`
   */
  tryLock(): boolean {
    return this.#take(runningTask('Mutex.tryLock'), 'Mutex.tryLock');
  }

  /**
   * Hands the mutex over to the task that has waited longest.
   *
   * @throws {@link FiberError} `ERR_LOCK_NOT_OWNER`
   */
  unlock(): void {
    this.checkOwner('Mutex.unlock');
    this.release();
  }

  /**
   * Runs `fn` while it holds the mutex.
   *
   * @throws as {@link lock}, and what `fn` throws; `ERR_FIBER_INVALID_ARG_TYPE`
   */
  run<T>(fn: () => Promise<T> | T): T {
    checkFunction('fn', fn);
    this.acquire(blockingTask('Mutex.run'), 'Mutex.run', this);
    try {
      return settled('Mutex.run', fn());
    } finally {
      this.unlock();
    }
  }

  /** @throws {@link FiberError} `ERR_LOCK_NOT_OWNER` @internal */
  checkOwner(call: string): Task {
    const { owner } = this.#hold;
    if (owner === undefined || owner !== current.task) throw notOwnerError(call);
    return owner;
  }

  /** As {@link lock}, on behalf of `call`, for reports. @internal */
  acquire(task: Task, call: string, on: object, cancellable = true): void {
    if (this.#take(task, call)) return;
    Waiter.inQueue(task, call, on).parkIn(this.#waiting, cancellable);
  }

  /** @internal */
  release(): void {
    this.#hold.release();
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#hold.take(next.task);
    next.wake(undefined);
  }

  /** Its owner has ended without releasing it: see {@link Breakable}. Not for programs to call. */
  breakFor(): void {
    this.#broken = true;
    for (const queue of [this.#waiting, ...this.conditions]) {
      queue.failAll(() => brokenError('mutex'));
    }
  }

  #take(task: Task, call: string): boolean {
    if (this.#broken) throw brokenError('mutex');
    if (this.#hold.owner === task) throw reentrantError(call);
    if (this.#hold.owner !== undefined) return false;
    this.#hold.take(task);
    return true;
  }
}

showAs(Mutex, ({ name, owner, broken }) => ({
  name,
  locked: owner !== undefined,
  owner: owner?.name,
  broken: broken || undefined,
}));
