import { checkFunction } from '../base/validators';
import { blockingTask, current, runningTask } from '../scheduler/current';
import { Hold, type Breakable } from '../scheduler/hold';
import { settled } from '../scheduler/settled';
import type { Task } from '../scheduler/task';
import { Waiter } from '../scheduler/waiter';
import { WaitQueue } from '../scheduler/wait-queue';
import { brokenError, notOwnerError, reentrantError } from './lock-errors';
import { LockGuard } from './mutex';
import { showAs } from '../base/look';

/** What a waiter brings along: in which way it wants the lock. */
type Mode = 'read' | 'write';

/**
 * Lets many readers or one writer in, in the order in which they came: a reader that comes after a waiting writer
 * waits behind it, so nobody starves. Not re-entrant, in neither way, and a reader cannot become a writer. When a
 * task that holds it ends, the lock is broken for good.
 */
export class RwLock implements Breakable {
  /** Shown in reports. */
  name = '';

  readonly #holds = new Map<Task, Hold>();
  readonly #waiting = new WaitQueue<Waiter>();
  readonly #guard = new LockGuard(() => {
    this.unlock();
  });
  /** How those who hold it do. */
  #mode: Mode = 'read';
  #broken = false;

  /** How many tasks hold it for reading. */
  get readers(): number {
    return this.#mode === 'read' ? this.#holds.size : 0;
  }

  /** Whether a task holds it for writing. */
  get writing(): boolean {
    return this.#mode === 'write' && this.#holds.size > 0;
  }

  /** Whether a task that held it ended without releasing it. */
  get broken(): boolean {
    return this.#broken;
  }

  /** Who has to act before a waiter goes on, for reports. @internal */
  get owners(): readonly Task[] {
    return [...this.#holds.keys()];
  }

  /**
   * Sleeps until the lock can be had for reading. What it returns releases it at the end of a `using` block.
   *
   * @throws {@link FiberError} `ERR_LOCK_REENTRANT`, `ERR_LOCK_BROKEN`, `ERR_FIBER_NOT_IN_FIBER`; the reason of a
   * cancelled scope
   */
  lockRead(): LockGuard {
    return this.#lock('read', 'RwLock.lockRead');
  }

  /** As {@link lockRead}, for writing. */
  lockWrite(): LockGuard {
    return this.#lock('write', 'RwLock.lockWrite');
  }

  /**
   * Takes the lock for reading if that can be done at once, and returns whether it did.
   *
   * @throws {@link FiberError} `ERR_LOCK_REENTRANT`, `ERR_LOCK_BROKEN`, `ERR_FIBER_NOT_IN_FIBER`
   */
  tryLockRead(): boolean {
    return this.#take(runningTask('RwLock.tryLockRead'), 'read', 'RwLock.tryLockRead');
  }

  /** As {@link tryLockRead}, for writing. */
  tryLockWrite(): boolean {
    return this.#take(runningTask('RwLock.tryLockWrite'), 'write', 'RwLock.tryLockWrite');
  }

  /**
   * Gives up what the running task holds, for reading or for writing.
   *
   * @throws {@link FiberError} `ERR_LOCK_NOT_OWNER`
   */
  unlock(): void {
    const { task } = current;
    const hold = task === undefined ? undefined : this.#holds.get(task);
    if (task === undefined || hold === undefined) throw notOwnerError('RwLock.unlock');
    hold.release();
    this.#holds.delete(task);
    this.#admit();
  }

  /**
   * Runs `fn` while it holds the lock for reading.
   *
   * @throws as {@link lockRead}, and what `fn` throws; `ERR_FIBER_INVALID_ARG_TYPE`
   */
  read<T>(fn: () => Promise<T> | T): T {
    return this.#run('read', 'RwLock.read', fn);
  }

  /** As {@link read}, for writing. */
  write<T>(fn: () => Promise<T> | T): T {
    return this.#run('write', 'RwLock.write', fn);
  }

  /** `owner` has ended without releasing it: see {@link Breakable}. Not for programs to call. */
  breakFor(owner: Task): void {
    this.#broken = true;
    this.#holds.delete(owner);
    this.#waiting.failAll(() => brokenError('lock'));
  }

  #run<T>(mode: Mode, call: string, fn: () => Promise<T> | T): T {
    checkFunction('fn', fn);
    this.#lock(mode, call);
    try {
      return settled(call, fn());
    } finally {
      this.unlock();
    }
  }

  #lock(mode: Mode, call: string): LockGuard {
    const task = blockingTask(call);
    if (!this.#take(task, mode, call)) {
      const waiter = new Waiter(task, call, this);
      waiter.item = mode;
      this.#waiting.push(waiter);
      waiter.park(() => {
        this.#admit(); // those behind a writer that gives up may be readers
      });
    }
    return this.#guard;
  }

  #take(task: Task, mode: Mode, call: string): boolean {
    if (this.#broken) throw brokenError('lock');
    if (this.#holds.has(task)) throw reentrantError(call);
    if (!this.#waiting.isEmpty || !this.#isFreeFor(mode)) return false;
    this.#give(task, mode);
    return true;
  }

  #isFreeFor(mode: Mode): boolean {
    return this.#holds.size === 0 || (mode === 'read' && this.#mode === 'read');
  }

  #give(task: Task, mode: Mode): void {
    const hold = new Hold(this);
    hold.take(task);
    this.#holds.set(task, hold);
    this.#mode = mode;
  }

  /** Hands over to as many of those who wait as can have it together. */
  #admit(): void {
    for (let next = this.#waiting.first; next !== undefined; next = this.#waiting.first) {
      const mode = next.item as Mode;
      if (!this.#isFreeFor(mode)) return;
      this.#waiting.remove(next);
      this.#give(next.task, mode);
      next.wake(undefined);
    }
  }
}

showAs(RwLock, ({ name, readers, writing, broken }) => ({
  name,
  readers,
  writing,
  broken: broken || undefined,
}));
