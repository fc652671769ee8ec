import Fiber from './fibers';
import type FutureType from './future';
import { FutureBase } from './future-base';

type Task = (this: unknown, ...args: unknown[]) => unknown;

/** The future of a call that happens in a fiber, in the next tick, or before in that of who waits for it. */
export class FiberFuture extends FutureBase {
  started = false;
  readonly fn: Task;
  readonly context: unknown;
  readonly args: readonly unknown[];

  constructor(fn: Task, context: unknown, args: readonly unknown[]) {
    super();
    this.fn = fn;
    this.context = context;
    this.args = args;
    process.nextTick(() => {
      if (this.started) return;
      this.started = true;
      Fiber(() => {
        resolveByCall(this);
      }).run();
    });
  }
}

/** Makes the call in the running fiber. */
export function resolveByCall(future: FiberFuture): void {
  try {
    future.return(future.fn.apply(future.context, [...future.args]));
  } catch (error) {
    future.throw(error);
  }
}

/** {@link Function.future} */
function future(this: Task, detach?: boolean): Task {
  const fn = this; // eslint-disable-line @typescript-eslint/no-this-alias -- the inner function has its own
  const inFiber = function (this: unknown, ...args: unknown[]) {
    const result = new FiberFuture(fn, this, args);
    if (detach) result.detach();
    return result;
  };
  inFiber.toString = () => `<<Future ${String(fn)}.future()>>`;
  return inFiber;
}

// Not enumerable, unlike in `fibers`: loops over a function's properties do not see it.
Object.defineProperty(Function.prototype, 'future', {
  value: future,
  writable: true,
  configurable: true,
});

/** `Future.task` */
export const task = ((...fns: Task[]): FutureType => {
  const [only] = fns;
  if (fns.length === 1 && only !== undefined) return only.future()();
  const all = new FutureBase();
  const values = new Array<unknown>(fns.length);
  let pending = fns.length;
  let failure: unknown;
  fns.forEach((fn, i) => {
    fn.future()().resolve((error, value) => {
      if (error) failure = error;
      values[i] = value;
      pending--;
      if (pending > 0) return;
      if (failure) all.throw(failure);
      else all.return(values);
    });
  });
  return all;
}) as typeof FutureType.task;
