import { isServedByAnotherCopy } from '../base/copies';

// @ts-expect-error -- a CommonJS module is a function, and can end here
if (isServedByAnotherCopy(module)) return;

import { Future as implementation } from './future-constructor';

/** A value that will be there later, for callbacks, promises and fibers, with the interface of `fibers/future`. */
interface Future<T = unknown> {
  /**
   * The value. An error is thrown instead: its stack trace then begins with who asked, and the one it had is in
   * its property `futureStack`.
   *
   * @throws `Error` "Future must resolve before value is ready"; the future's error
   */
  get(): T;
  /**
   * Suspends the running fiber until the future has resolved, then as {@link get}.
   *
   * @throws `Error` "Can't wait without a fiber", unless it has resolved; the future's error
   */
  wait(): T;
  /**
   * Resolves the future, and calls those who wait for it at once. What a callback throws is thrown in a
   * `process.nextTick`.
   *
   * @throws `Error` "Future resolved more than once"
   */
  return(value?: T): void;
  /**
   * Resolves the future with an error, otherwise as {@link return}.
   *
   * @throws `Error` "Future resolved more than once"; "Must throw non-empty error" for a falsy one
   */
  throw(error: unknown): void;
  /** An error of the future is thrown into the event loop, because nobody will ask for it. */
  detach(): void;
  /** Whether it has a value or an error. */
  isResolved(): boolean;
  /** A callback `(error, value)` that resolves the future. */
  resolver(): FutureResolver<T>;
  /** Calls `callback` with the error or the value, at once if the future has resolved. */
  resolve(callback: FutureCallback<T>): this;
  /** Calls `callback` with the value, or throws the error into `future`. */
  resolve(future: Throwable, callback: (value: T) => void): this;
  /** Calls `callback` with the value; never, where there is an error. */
  resolveSuccess(callback: (value: T) => void): this;
  /** Resolves `future` as this one is. */
  proxy(future: Resolvable<T>): void;
  /** Throws the error of this future into another, or several. */
  proxyErrors(futures: Throwable | readonly Throwable[]): this;
  /** A promise that settles as the future resolves. */
  promise(): Promise<T>;
  /** On a future of a function that `Future.wrap` made: what the wrapped function returned. */
  _?: unknown;
}

interface Throwable {
  throw(error: unknown): void;
}

interface Resolvable<T> extends Throwable {
  return(value: T): void;
}

/** Declared as a method, so that a `Future<T>` is a `Future`. */
type FutureResolver<T> = { resolve(error?: unknown, value?: T): void }['resolve'];

/** Declared as a method, so that a callback may name narrower types. */
type FutureCallback<T> = { callback(error: Error | undefined, value: T): void }['callback'];

type AnyFunction = (...args: never[]) => unknown;

/** What a function gives its last parameter, a callback, besides the error: the value, or all with `Multi`. */
type CallbackValue<F, Multi> = F extends (...args: [...infer _, infer Callback]) => unknown
  ? NonNullable<Callback> extends (error: never, ...values: infer Values) => unknown
    ? Multi extends true
      ? Values
      : Values[0]
    : unknown
  : unknown;

/** TypeScript sees the last overload only: where another is meant, name the value's type. */
type Wrapped<F, Multi> = <T = CallbackValue<F, Multi>>(...args: unknown[]) => Future<T>;

type WrappedMembers<O, Multi, Suffix extends string> = {
  [K in keyof O & string as O[K] extends AnyFunction ? `${K}${Suffix}` : never]: Wrapped<
    O[K],
    Multi
  >;
};

/* eslint-disable @typescript-eslint/no-explicit-any -- as in @types/fibers: what compiled with them compiles with these */
interface FutureConstructor {
  /** A future that somebody will resolve with `return` or `throw`. */
  new <T = any>(): Future<T>;
  /** Does nothing: for `Future.call(this)` in the constructor of an heir. */
  (): void;
  readonly prototype: Future;
  /** A future of what `fn` returns or throws. It is called in a fiber, in a `process.nextTick`. */
  task<T>(fn: () => T): Future<T>;
  /** A future of what all the functions return, or of the last error; each is called in a fiber of its own. */
  task<T extends unknown[]>(...fns: { [K in keyof T]: () => T[K] }): Future<T>;
  /**
   * A function that returns a future, from one that takes a Node callback last. Has the properties of `fn` as
   * well, and its functions wrapped.
   *
   * @param multi - the callback takes several values, and the future's value is their array
   * @param suffix - what the names of wrapped properties end in; "Future" unless given
   */
  wrap<F extends AnyFunction, Multi extends boolean = false, Suffix extends string = 'Future'>(
    fn: F,
    multi?: Multi,
    suffix?: Suffix,
  ): F & Wrapped<F, Multi> & WrappedMembers<F, Multi, Suffix>;
  /** An heir of `object` that has each function wrapped as well, under its name and `suffix`. */
  wrap<O extends object, Multi extends boolean = false, Suffix extends string = 'Future'>(
    object: O,
    multi?: Multi,
    suffix?: Suffix,
  ): O & WrappedMembers<O, Multi, Suffix>;
  /**
   * Suspends the running fiber until all the futures have resolved. Does not throw their errors: `get` does.
   * The first task among them that has not started runs in the waiting fiber itself.
   *
   * @throws `Error` "Can't wait without a fiber"; "… is not a future"
   */
  wait(...futures: (Future | readonly Future[])[]): void;
  /** A future that resolves as the promise settles. */
  fromPromise<T>(promise: PromiseLike<T>): Future<T>;
}

declare global {
  interface Function {
    /**
     * A function that calls this one, with its `this` and arguments, in a fiber, as `Future.task` does, and
     * returns the future. Defined by `greenfiber/future`.
     *
     * @param detach - calls `detach()` of each future
     */
    future<Args extends unknown[], T>(
      this: (...args: Args) => T,
      detach?: boolean,
    ): (...args: Args) => Future<T>;
    future<T = any>(this: Function, detach?: boolean): (...args: any[]) => Future<T>;
  }
}

/**
 * A replacement of `fibers/future` 5, with its names, messages and rules.
 *
 * @see https://github.com/laverdet/node-fibers
 */
const Future: FutureConstructor = implementation;

export = Future;
