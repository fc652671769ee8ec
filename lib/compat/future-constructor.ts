import type FutureType from './future';
import { FutureBase } from './future-base';
import { task } from './future-task';
import { wait } from './future-wait';
import { wrap } from './future-wrap';

function fromPromise<T>(promise: PromiseLike<T>): FutureType<T> {
  const future = new FutureBase<T>();
  promise.then(
    (value) => {
      future.return(value);
    },
    (error: unknown) => {
      future.throw(error);
    },
  );
  return future;
}

/** `fibers/future`, put together. */
export const Future: typeof FutureType = Object.assign(FutureBase, {
  task,
  wrap,
  wait,
  fromPromise,
});
