import { types } from 'node:util';

/** Somebody who wants to know how a promise is settled. */
export interface Watcher {
  wake(value: unknown): unknown;
  fail(error: unknown): unknown;
}

/** Those who watch one promise. */
class Watchers extends Set<Watcher> {
  readonly #promise: PromiseLike<unknown>;

  constructor(promise: PromiseLike<unknown>) {
    super();
    this.#promise = promise;
    hasWatched = true;
    watched.set(promise, this);
  }

  settleAndRun(value: unknown, failed: boolean): void {
    watched.delete(this.#promise);
    for (const one of [...this]) {
      if (failed) one.fail(value);
      else one.wake(value);
    }
    this.clear();
  }
}

/**
 * Who watches which promise. A promise cannot be told that somebody lost interest, so it is asked once, however
 * many come and go: waits for a promise that stays pending leave nothing behind in it when they are given up.
 */
const watched = new WeakMap<PromiseLike<unknown>, Watchers>();
/** Most programs give up no wait, and need not look. */
let hasWatched = false;

export function watch(promise: PromiseLike<unknown>, watcher: Watcher): void {
  (watched.get(promise) ?? subscribe(promise, Promise.resolve(promise))).add(watcher);
}

export function unwatch(promise: PromiseLike<unknown>, watcher: Watcher): void {
  watched.get(promise)?.delete(watcher);
}

export function isWatched(promise: PromiseLike<unknown>): boolean {
  return hasWatched && watched.has(promise);
}

/** For a reaction to the promise whose own waiter has gone: it tells these from now on. */
export function adopt(promise: PromiseLike<unknown>): Pick<Watchers, 'settleAndRun'> {
  return watched.get(promise) ?? new Watchers(promise);
}

/**
 * Whoever was given the value does not wait for it, and nobody else need: if it is a promise, its rejection is
 * no unhandled one. A foreign thenable is left alone: to ask it may be to start it.
 */
export function observe(value: unknown): void {
  const promise = promiseIn(value);
  if (promise === undefined || watched.has(promise)) return;
  try {
    subscribe(promise, promise);
  } catch {
    // A class of promises that cannot be made by others.
  }
}

/** A thenable whose promise is this method's answer, and always the same. */
export const asPromise = Symbol('as a promise');

/** The promise that a value is, or has. */
export function promiseIn(value: unknown): Promise<unknown> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (types.isPromise(value)) return value;
  if (types.isProxy(value)) return undefined;
  return (value as { [asPromise]?: () => Promise<unknown> })[asPromise]?.();
}

// Not by way of the object's own `then`, which a lazy promise would begin at.
const { then } = Promise.prototype;

function subscribe(key: PromiseLike<unknown>, promise: Promise<unknown>): Watchers {
  const watchers = new Watchers(key);
  void Reflect.apply(then, promise, [
    (value: unknown) => {
      watchers.settleAndRun(value, false);
    },
    (error: unknown) => {
      watchers.settleAndRun(error, true);
    },
  ]);
  return watchers;
}
