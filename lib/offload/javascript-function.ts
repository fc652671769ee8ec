import { Script } from 'node:vm';

import { checkFunction, wrongValue } from '../base/validators';
import { currentTask } from '../scheduler/task';
import { Promised } from '../base/promised';
import { Waiter } from '../lowlevel/kit';
import { JavaScriptCall } from './javascript-call';
import type { JavaScriptPool } from './javascript-pool';

/** A function that uses nothing but its arguments and what is global in every worker. */
export type SelfContained<A extends unknown[], R> = (...args: A) => R;

/** What the blocking view returns of what the function returns. */
export type Returned<R> = Awaited<R>;

/**
 * The blocking view of a JavaScript function that runs in a worker thread. In a task, calling it sleeps until it has
 * run, and returns its result. On the main stack it returns a promise of that, as `promised` does everywhere.
 */
export interface JavaScriptFn<A extends unknown[], R> {
  /**
   * @throws what the function threw; {@link FiberError} `ERR_FIBER_INVALID_ARG_VALUE`: an argument cannot be cloned;
   * `ERR_OFFLOAD_CLONE`, `ERR_OFFLOAD_WORKER`, `ERR_OFFLOAD_THREADS`, `ERR_OFFLOAD_CLOSED`, `ERR_OFFLOAD_ABANDONED`,
   * `ERR_FIBER_NOT_YIELDABLE`; the reason of a cancelled scope: the function does not run, or not to its end
   */
  (...args: A): Returned<R>;
  /** Always returns a promise; never throws. */
  promised(...args: A): Promise<Returned<R>>;
  readonly name: string;
}

/** @internal */
export function javaScriptFunction<A extends unknown[], R>(
  pool: JavaScriptPool,
  fn: SelfContained<A, R>,
): JavaScriptFn<A, R> {
  checkFunction('fn', fn);
  const source = expressionOf(fn);
  const name = fn.name || 'a function';

  const promised = async (...args: unknown[]): Promise<unknown> => {
    const { promise, resolve, reject } = new Promised<unknown>();
    const caller = { wake: resolve, fail: reject };
    const call = new JavaScriptCall(name, { source, args }, caller, pool);
    pool.enter(call);
    call.keepAlive(true);
    return promise;
  };

  const view = (...args: unknown[]): unknown => {
    const task = currentTask();
    if (task === undefined) return promised(...args);
    if (task.isCancelled) throw task.scope.reason;
    const waiter = new Waiter(task, 'Offload.js', name);
    const call = new JavaScriptCall(name, { source, args }, waiter, pool);
    pool.enter(call);
    call.keepAlive(task.keepsAlive);
    waiter.keeper = call;
    const takeBack = (): void => {
      pool.cancel(call);
    };
    // A getter among the arguments may have blocked.
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
    if (task.isCancelled && waiter.fail(task.scope.reason)) takeBack();
    return waiter.park(takeBack);
  };

  Object.defineProperties(view, { name: { value: fn.name }, promised: { value: promised } });
  return view as unknown as JavaScriptFn<A, R>;
}

/** The source of a function as an expression. Methods are written without the word `function`. */
function expressionOf(fn: (...args: never[]) => unknown): string {
  const source = Function.prototype.toString.call(fn);
  const asMethod = `Object.values({ ${source} })[0]`;
  const found = [source, asMethod].find(isExpression);
  if (found === undefined) {
    throw wrongValue('fn', 'a function with a source of its own, not a bound or native one', fn);
  }
  if (/^class\b/.test(source)) throw wrongValue('fn', 'a function that can be called', fn);
  return found;
}

function isExpression(source: string): boolean {
  try {
    new Script(`(${source})`);
    return true;
  } catch {
    return false;
  }
}
