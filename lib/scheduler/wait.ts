import { FiberError } from '../base/errors';
import { runtime } from '../fiber/fiber';
import { instruments, type OtherFibers } from '../fiber/instruments';
import { checkFunction } from '../base/validators';
import { blockingTask, current } from './current';
import type { BlockingView, CallbackView, IfOverloaded } from './overloads';
import { adopt, isWatched, observe, promiseIn, unwatch, watch } from './promise-watch';
import { Reaction } from './reaction';
import type { Task } from './task';
import { Waiter } from './waiter';

const { fulfilledValue } = runtime.fibers;

/**
 * Sleeps until a promise (or another thenable) is settled; returns its value, or throws what it was rejected
 * with. The value of a promise that is fulfilled already is answered at once while the slice lasts, and so is what
 * is no promise.
 *
 * @throws {@link FiberError} `ERR_FIBER_NOT_IN_FIBER` outside of tasks (there, use `await`: the event loop is never
 * blocked), `ERR_FIBER_NOT_YIELDABLE`; the reason of a cancelled scope
 */
export function wait<T>(thenable: PromiseLike<T> | T): T {
  const { task } = current;
  if (task === undefined && instruments.others?.canWait() === true) {
    return waitElsewhere(instruments.others, thenable);
  }
  if (task === undefined || task.isCancelled) return refuse('wait', thenable);
  if (!isThenable(thenable)) return thenable;
  if (thenable.then === promiseThen) {
    if (task.scheduler.mayGoOn()) {
      const value = fulfilledValue(thenable, notFulfilled);
      if (value !== notFulfilled) return value as T;
    }
    if (thenable instanceof Promise && !isWatched(thenable)) {
      return waitForPromise(task, thenable as Promise<T>);
    }
  }
  const waiter = new Waiter<T>(task, 'wait', thenable);
  // A foreign thenable may call back now, twice, or with another thenable: a promise sorts that out.
  const promise = thenable instanceof Promise ? (thenable as Promise<T>) : promiseOf(thenable);
  if (isWatched(promise)) {
    watch(promise, waiter);
    return waiter.park(() => {
      unwatch(promise, waiter);
    });
  }
  let told: Pick<Waiter, 'settleAndRun'> = waiter;
  promise.then(
    (value) => {
      told.settleAndRun(value, false);
    },
    (error: unknown) => {
      told.settleAndRun(error, true);
    },
  );
  // The promise keeps its reactions as long as it is pending: they let go of a waiter that gave up.
  return waiter.park(() => {
    told = adopt(promise);
  });
}

/** For one that calls back once, and not now. */
function waitForPromise<T>(task: Task, promise: Promise<T>): T {
  const reaction = task.reaction ?? new Reaction();
  task.reaction = undefined; // its class may have a constructor of the program's, which may wait
  promise.then(reaction.onValue, reaction.onError);
  const waiter = Waiter.inQueue<T>(task, 'wait', promise);
  reaction.tell(waiter, promise);
  const value = waiter.parkAgain(reaction.giveUp);
  reaction.rest();
  task.reaction = reaction;
  return value;
}

function promiseOf<T>(thenable: PromiseLike<T>): Promise<T> {
  return (promiseIn(thenable) as Promise<T> | undefined) ?? Promise.resolve(thenable);
}

function waitElsewhere<T>(others: OtherFibers, thenable: PromiseLike<T> | T): T {
  return isThenable(thenable) ? (others.wait(promiseOf(thenable)) as T) : thenable;
}

/** The call raises, and nobody learns what comes of what it was given. */
function refuse(what: string, given: unknown): never {
  observe(given);
  blockingTask(what);
  throw new Error('unreachable');
}

const promiseThen: unknown = Promise.prototype.then;
const notFulfilled = Symbol('not fulfilled');

/** Whether it has a `then`, as promises have. */
export function isThenable<T>(value: PromiseLike<T> | T): value is PromiseLike<T> {
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return false;
  return typeof (value as { then?: unknown }).then === 'function';
}

/** A function that takes a callback `(error, value)` as its last argument. */
type WithCallback<This, A extends unknown[], T> = (
  this: This,
  ...args: [...A, (error: unknown, value?: T) => void]
) => unknown;

/**
 * The blocking view of an async function: in a task, calls it and sleeps until its promise is settled, as
 * {@link wait} does. `sync.callback` does the same for functions that take a callback `(error, value)`. The types of all
 * overloads go through.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
 */
export function sync<F extends (...args: never[]) => unknown>(
  fn: F & IfOverloaded<F>,
): BlockingView<F>;
export function sync<This, A extends unknown[], T>(
  fn: (this: This, ...args: A) => PromiseLike<T> | T,
): (this: This, ...args: A) => T;
export function sync(fn: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
  checkFunction('fn', fn);
  return function (this: unknown, ...args: unknown[]) {
    // What cannot be waited for is not begun.
    if (current.task !== undefined || instruments.others?.canWait() !== true) blockingTask('sync');
    return wait(fn.apply(this, args));
  };
}

/** See {@link sync}. A second call of the callback throws `ERR_CALLBACK_TWICE` to whoever makes it. */
function callback<F extends (...args: never[]) => unknown>(
  fn: F & IfOverloaded<F>,
): CallbackView<F>;
function callback<This, A extends unknown[], T>(
  fn: WithCallback<This, A, T>,
): (this: This, ...args: A) => T;
function callback(fn: WithCallback<unknown, unknown[], unknown>): (...args: unknown[]) => unknown {
  checkFunction('fn', fn);
  return function (this: unknown, ...args: unknown[]) {
    const waiter = Waiter.begin('sync.callback', fn);
    let told: Waiter | undefined = waiter;
    let called = false;
    fn.call(this, ...args, (error: unknown, value?: unknown) => {
      if (called) {
        throw new FiberError(
          'ERR_CALLBACK_TWICE',
          `${fn.name || 'The function'} called back twice`,
        );
      }
      called = true;
      if (error !== undefined && error !== null) told?.fail(error);
      else told?.wake(value);
    });
    return waiter.park(() => {
      told = undefined;
    });
  };
}

sync.callback = callback;
