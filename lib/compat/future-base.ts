import type FutureType from './future';
import { linkStack } from './future-stack';

type Throwable = Pick<FutureType, 'throw'>;
/** Declared as a method, so that a caller's may name narrower types. */
type Callback = { callback(error: unknown, value: unknown): void }['callback'];

interface Waiter {
  onValue: (value: unknown) => void;
  onError: (error: unknown) => void;
}

/** A future's own properties, named as in `fibers/future`; it has none before it needs them. */
interface State {
  resolved?: true;
  value?: unknown;
  error?: unknown;
  callbacks?: Waiter[];
}

type Self = FutureType & State;

function settle(future: Self, call: (waiter: Waiter) => void): void {
  future.resolved = true;
  const { callbacks = [] } = future;
  delete future.callbacks;
  for (const waiter of callbacks) {
    try {
      call(waiter);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }
}

function checkUnresolved(future: Self): void {
  if (future.resolved) throw new Error('Future resolved more than once');
}

/** The waiter for the two forms of `resolve`. */
function waiterFor(first: Throwable | Callback, second?: (value: unknown) => void): Waiter {
  if (second) {
    return {
      onValue: (value) => {
        second(value);
      },
      onError: (error) => {
        (first as Throwable).throw(error);
      },
    };
  }
  const callback = first as Callback;
  return {
    onValue: (value) => {
      callback(undefined, value);
    },
    onError: (error) => {
      callback(error, undefined);
    },
  };
}

const prototype: Omit<FutureType, '_'> & ThisType<Self> = {
  get() {
    if (!this.resolved) throw new Error('Future must resolve before value is ready');
    if (!this.error) return this.value;
    linkStack(this.error);
    throw this.error; // eslint-disable-line @typescript-eslint/only-throw-error -- as it was given
  },

  wait() {
    if (!this.isResolved()) FutureBase.wait(this);
    return this.get();
  },

  return(value) {
    checkUnresolved(this);
    this.value = value;
    settle(this, ({ onValue }) => {
      onValue(value);
    });
  },

  throw(error) {
    checkUnresolved(this);
    if (!error) throw new Error('Must throw non-empty error');
    this.error = error;
    settle(this, ({ onError }) => {
      onError(error);
    });
  },

  detach() {
    this.resolve((error) => {
      if (error) throw error;
    });
  },

  isResolved() {
    return this.resolved === true;
  },

  resolver() {
    return (error, value) => {
      if (error) this.throw(error);
      else this.return(value);
    };
  },

  resolve(first: Throwable | Callback, second?: (value: unknown) => void) {
    const waiter = waiterFor(first, second);
    if (!this.resolved) (this.callbacks ??= []).push(waiter);
    else if (this.error) waiter.onError(this.error);
    else waiter.onValue(this.value);
    return this;
  },

  resolveSuccess(callback) {
    return this.resolve((error, value) => {
      if (!error) callback(value);
    });
  },

  proxy(future) {
    this.resolve((error, value) => {
      if (error) future.throw(error);
      else future.return(value);
    });
  },

  proxyErrors(futures) {
    return this.resolve((error) => {
      if (!error) return;
      for (const future of [futures].flat()) future.throw(error);
    });
  },

  promise() {
    return new Promise((resolve, reject) => {
      this.resolve((error, value) => {
        if (error) reject(error);
        else resolve(value);
      });
    });
  },
};

/** No class, for programs call it from constructors of their own. */
export const FutureBase = function Future() {
  // A new future has no properties.
} as unknown as typeof FutureType;

Object.defineProperty(prototype, 'constructor', {
  value: FutureBase,
  writable: true,
  configurable: true,
});
Object.defineProperty(FutureBase, 'prototype', { value: prototype });
