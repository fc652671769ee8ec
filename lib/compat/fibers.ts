import { isServedByAnotherCopy } from '../base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;

import { Fiber as implementation } from './fiber';

/* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- only the caller knows what comes back */
/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-function-type -- as in @types/fibers:
   what compiled with them compiles with these */

/** A function that can be suspended at any call depth, with the interface of `fibers` 5. */
interface Fiber {
  /**
   * Starts the function, with `value` as its argument, or continues it: its `Fiber.yield` returns `value`.
   * Returns what it yields or returns. A function that has ended starts anew.
   *
   * @throws `Error` "This Fiber is already running"; `TypeError` for a second argument; `RangeError` "Out of
   * memory" where no stack can be had; and what leaves the function
   */
  run<Value = any, T = any>(value?: Value): T;
  /**
   * Raises `error` at the `Fiber.yield` where the function is suspended; otherwise as {@link run}.
   *
   * @throws `Error` "This Fiber is not yielding"; `TypeError` for a second argument; and what leaves the function
   */
  throwInto<T = any>(error?: unknown): T;
  /**
   * Unwinds a suspended function: its `Fiber.yield`, and every later one, raises "This Fiber is a zombie" until
   * it ends. Returns what it returns. Does nothing where the function has not started or has ended.
   *
   * @throws `Error` "This Fiber is not yielding"; `TypeError` for any argument; and what leaves the function,
   * except the zombie's error
   */
  reset<T = any>(): T;
  /** Whether the function has started and not ended. */
  readonly started: boolean;
}

interface FiberConstructor {
  /**
   * A fiber that calls `body` on its first `run`: with `globalThis` as `this`, and with no argument where `run`
   * had none.
   *
   * @throws `TypeError` "Fiber expects 1 argument", "Fiber expects a function"
   */
  new <First = any>(body: (first: First) => unknown): Fiber;
  new (body: Function): Fiber;
  /** The same as with `new`. */
  <First = any>(body: (first: First) => unknown): Fiber;
  (body: Function): Fiber;
  readonly prototype: Fiber;
  /**
   * Suspends the running fiber, and makes its `run` return `value`. Returns what it is next run with.
   * A property, because programs wrap it.
   *
   * @throws `Error` "yield() called with no fiber running"; `TypeError` for a second argument; what `throwInto`
   * and `reset` raise; `FiberError` `ERR_FIBER_NOT_YIELDABLE`
   */
  yield: <T = any, Value = any>(value?: Value) => T;
  /** The running fiber; undefined on the main stack and in greenfiber's own fibers and tasks. */
  readonly current: Fiber | undefined;
  /**
   * How many stacks of finished fibers keep their memory for the next ones: `poolSize` of greenfiber's
   * `configure()`, for every fiber of the thread. 120 unless the program configured one. A larger number than
   * `configure()` takes, 1,000,000, stands for that.
   *
   * @throws `FiberError` `ERR_FIBER_INVALID_ARG_VALUE` when set to anything but a number from 0 up
   */
  poolSize: number;
  /**
   * How many stacks the fibers made by this module have needed beyond those that wait in the pool: starts that
   * found none waiting.
   */
  readonly fibersCreated: number;
}

const shared: NodeJS.Process & { fiberLib?: FiberConstructor } = process;

/**
 * A replacement of `fibers` 5, with its names, messages and rules. The first copy in a thread serves all, in
 * `process.fiberLib`.
 *
 * @see https://github.com/laverdet/node-fibers
 * @throws `FiberError` `ERR_FIBER_UNSUPPORTED`, when it is loaded where fibers cannot run
 */
const Fiber: FiberConstructor = (shared.fiberLib ??= implementation);

export = Fiber;
