import { access } from '../fiber/fiber';
import { checkFunction } from '../base/validators';
import { settled } from './settled';
import { showAs } from '../base/look';

/**
 * A variable that every fiber, and so every task, has a value of its own of. A new one inherits the values that
 * its creator has at that moment; what either sets afterwards is its own. The main stack has values of its own,
 * too, which are those of every callback of the event loop.
 *
 * Unlike an `AsyncLocalStorage` it knows nothing of promises and callbacks, and costs nothing until it is set.
 */
export class FiberLocal<T> {
  /** Shown in dumps. */
  name: string;

  constructor(name = '') {
    this.name = name;
  }

  /** The running fiber's value; undefined when it has none. */
  get(): T | undefined {
    return access.locals()?.get(this) as T | undefined;
  }

  /** Changes it for the running fiber, and for those that it creates from now on. */
  set(value: T): void {
    access.setLocals(new Map(access.locals()).set(this, value));
  }

  /**
   * Runs `fn` with this value; afterwards the running fiber has the former one again. In a task, of an async
   * function its promise is waited for.
   *
   * @throws what `fn` throws; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`; `ERR_FIBER_ASYNC_FUNCTION` outside of
   * tasks
   */
  run<R>(value: T, fn: () => Promise<R> | R): R {
    checkFunction('fn', fn);
    const outer = access.locals();
    this.set(value);
    try {
      return settled('FiberLocal.run', fn());
    } finally {
      this.#restore(outer);
    }
  }

  /** Other locals keep what they were set to meanwhile. */
  #restore(outer: ReadonlyMap<object, unknown> | undefined): void {
    const locals = new Map(access.locals());
    if (outer?.has(this) === true) locals.set(this, outer.get(this));
    else locals.delete(this);
    access.setLocals(locals);
  }
}

showAs(FiberLocal, (local) => ({ name: local.name, value: local.get() }));
