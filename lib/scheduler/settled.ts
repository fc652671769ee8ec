import { types } from 'node:util';

import { FiberError } from '../base/errors';
import { current } from './current';
import { observe } from './promise-watch';
import { isThenable, wait } from './wait';

/**
 * What a function that may block has answered. That of an async function is a promise: the running task waits for
 * it here, in the scope and with the locks that the function was called in.
 *
 * @param what - the call that the function was given to
 * @throws what the promise is rejected with; {@link FiberError} `ERR_FIBER_ASYNC_FUNCTION` outside of tasks; the
 * reason of a cancelled scope
 */
export function settled<T>(what: string, answer: Promise<T> | T): T {
  if (!isPromise(answer)) return answer;
  if (current.task === undefined) throw asyncFunctionError(what, answer);
  return wait(answer);
}

/** For the promise of an async function that nobody can wait for. */
export function asyncFunctionError(what: string, promise: unknown): FiberError {
  observe(promise);
  return new FiberError(
    'ERR_FIBER_ASYNC_FUNCTION',
    `${what} was given an async function, or another that answers a promise, and cannot wait for it here: ` +
      'give it a function that blocks in a task, with wait(promise) in place of await',
  );
}

/** Whether it is a promise as async functions return it. Another thenable, as a task is one, is a value. */
export function isPromise<T>(value: Promise<T> | T): value is Promise<T> {
  return typeof value === 'object' && value !== null && isThenable(value) && types.isPromise(value);
}
