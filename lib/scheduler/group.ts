import { AbortError, FiberError } from '../base/errors';
import { checkFunction } from '../base/validators';
import { spliceAsyncFrames } from '../base/stack-trace';
import { runningTask } from './current';
import { inScope } from './limits';
import { Scope } from './scope';
import { settled } from './settled';
import { nameIn, type SpawnOptions } from './spawn-options';
import type { Task } from './task';
import { Waiter } from './waiter';
import { showAs } from '../base/look';

/** Tasks that end together; see {@link group}. */
export class Group {
  readonly #scope: Scope;
  readonly #errors = new Set<unknown>();
  /** What the members that are not to blame raise. */
  #cancellation: unknown = undefined;
  #open = true;
  #running = 0;
  #end: Waiter<undefined> | undefined;

  /** @internal */
  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /**
   * Starts a task that belongs to the group, also from inside another member.
   *
   * @throws {@link FiberError} `ERR_GROUP_CLOSED` when the group has ended; `ERR_FIBER_INVALID_ARG_TYPE`
   */
  spawn<T>(fn: () => Promise<T> | T, options: SpawnOptions): Task<T>;
  spawn<A extends unknown[], T>(fn: (...args: A) => Promise<T> | T, ...args: A): Task<T>;
  spawn(fn: (...args: unknown[]) => unknown, ...args: unknown[]): Task {
    checkFunction('fn', fn);
    if (!this.#open) {
      throw new FiberError(
        'ERR_GROUP_CLOSED',
        'The group has ended and takes no further tasks: spawn inside its body',
      );
    }
    const task = this.#scope.task.scheduler.start(fn, args, this.#scope, (ended) => {
      this.#running--;
      if (ended.status === 'failed') this.#fail(ended.error);
      if (this.#running === 0) this.#end?.wake(undefined);
    });
    this.#running++;
    task.observe();
    return nameIn(args, fn, task);
  }

  /** Raises `reason`, by default an {@link AbortError}, at every blocking call of its body and its members. */
  cancel(reason: unknown = new AbortError()): void {
    if (this.#scope.isCancelled) return;
    this.#cancellation = reason;
    this.#scope.cancel(reason);
  }

  /** Aborted when the group is cancelled, or a member fails. */
  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  /** Who has to act before a waiter goes on, for reports: the members that have not ended. @internal */
  get owners(): readonly Task[] {
    const tasks = Array.from(this.#scope.children, ({ task }) => task);
    return tasks.filter((task) => task !== this.#scope.task);
  }

  /** @internal */
  run<T>(body: (group: Group) => Promise<T> | T): T {
    let failed = false;
    let result: unknown;
    try {
      result = settled('group', body(this));
    } catch (error) {
      failed = true;
      result = error;
      this.#fail(error);
    }
    this.#waitForMembers();
    this.#open = false;
    const errors = [...this.#errors];
    if (errors.length === 1) {
      if (!failed || errors[0] !== result) spliceAsyncFrames(errors[0]);
      throw errors[0];
    }
    if (errors.length > 1) throw new AggregateError(errors, 'Several members of a group failed');
    if (failed) throw result; // its own cancellation
    return result as T;
  }

  #waitForMembers(): void {
    const { task } = this.#scope;
    // Nobody is left behind: cancellation from outside reaches the members, and is raised when they have ended.
    while (this.#running > 0) {
      this.#end = new Waiter<undefined>(task, 'group', this);
      this.#end.park();
    }
    if (this.#scope.isCancelled) this.#fail(this.#scope.reason);
  }

  #fail(error: unknown): void {
    if (this.#scope.isCancelled && error === this.#cancellation) return;
    this.#errors.add(error);
    if (this.#scope.isCancelled) return;
    this.#cancellation = new AbortError('Another member of the group failed', { cause: error });
    this.#scope.cancel(this.#cancellation);
  }
}

showAs(Group, ({ owners }) => ({ members: owners.length }));

/**
 * Runs `body`, which may spawn tasks into the group, and ends when the body and all of them have ended (Trio's
 * nursery). When one fails, the others are cancelled; one error is thrown as it is, several as an
 * `AggregateError`. Members are cancelled with the scope around the group, wherever they were spawned.
 *
 * @throws what a member or the body threw; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`, `ERR_FIBER_NOT_IN_FIBER`
 */
export function group<T>(body: (group: Group) => Promise<T> | T): T {
  checkFunction('body', body);
  const task = runningTask('group');
  const scope = new Scope(task, task.scope);
  return inScope('group', task, scope, () => new Group(scope).run(body));
}
