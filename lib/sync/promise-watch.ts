/** Somebody who wants to know how a promise is settled. */
export interface Watcher {
  wake(value: unknown): unknown;
  fail(error: unknown): unknown;
}

/**
 * Who watches which promise. A promise cannot be told that somebody lost interest, so it is asked once, however
 * many come and go: a select in a loop over a promise that stays pending leaves nothing behind in it.
 */
const watched = new WeakMap<PromiseLike<unknown>, Set<Watcher>>();

export function watch(promise: PromiseLike<unknown>, watcher: Watcher): void {
  const known = watched.get(promise);
  if (known !== undefined) {
    known.add(watcher);
    return;
  }
  const watchers = new Set([watcher]);
  watched.set(promise, watchers);
  // A foreign thenable may call back now, or twice: a promise sorts that out.
  Promise.resolve(promise).then(
    (value) => {
      watched.delete(promise);
      for (const one of [...watchers]) one.wake(value);
    },
    (error: unknown) => {
      watched.delete(promise);
      for (const one of [...watchers]) one.fail(error);
    },
  );
}

export function unwatch(promise: PromiseLike<unknown>, watcher: Watcher): void {
  watched.get(promise)?.delete(watcher);
}
