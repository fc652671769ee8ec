import { checkFunction } from '../base/validators';
import { current } from './current';
import { Scheduler } from './scheduler';
import { nameIn, type SpawnOptions } from './spawn-options';
import type { Task } from './task';

/** The scheduler of the running task, or the default one. */
export function currentScheduler(): Scheduler {
  return current.task?.scheduler ?? Scheduler.default;
}

/**
 * Starts a task that runs `fn(...args)` on a stack of its own, in the next turn, on the scheduler of the
 * caller. It belongs to nobody: cancelling the caller does not cancel it; see {@link group} for that. Of an async
 * function the task waits for the promise.
 *
 * `spawn(fn, { name })` names it; see {@link SpawnOptions}.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`; `ERR_FIBER_UNSUPPORTED` where `isSupported` is false
 */
export function spawn<T>(fn: () => Promise<T> | T, options: SpawnOptions): Task<T>;
export function spawn<A extends unknown[], T>(
  fn: (...args: A) => Promise<T> | T,
  ...args: A
): Task<T>;
export function spawn(fn: (...args: unknown[]) => unknown, ...args: unknown[]): Task {
  checkFunction('fn', fn);
  return nameIn(args, fn, currentScheduler().start(fn, args, undefined));
}

/**
 * The asynchronous view of a function that blocks: every call runs in a task and returns a promise.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
 */
export function fiberize<This, A extends unknown[], T>(
  fn: (this: This, ...args: A) => T,
): (this: This, ...args: A) => Promise<Awaited<T>> {
  checkFunction('fn', fn);
  const inTask = function (this: This, ...args: A): Promise<Awaited<T>> {
    const task = currentScheduler().start(() => fn.apply(this, args), [], undefined);
    return (task as Task<Awaited<T>>).promise();
  };
  return Object.defineProperty(inTask, 'name', { value: fn.name, configurable: true });
}
