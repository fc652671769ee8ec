import type { Fiber } from './fiber';

/** Is told of what happens to fibers. Must not throw. */
export interface FiberObserver {
  created(fiber: Fiber): void;
  /** It is about to get a stack. */
  started(fiber: Fiber): void;
  ended(fiber: Fiber): void;
}

/** Fibers of a kind that knows no tasks, one of which may wait for a promise all the same. */
export interface OtherFibers {
  /** Whether one of them runs. */
  canWait(): boolean;
  /** What the promise is fulfilled with. */
  wait(promise: PromiseLike<unknown>): unknown;
}

interface Instruments {
  /** lib/inspect, while it collects. */
  observer: FiberObserver | undefined;
  /**
   * lib/offload, while calls are under way on other threads. A scheduler asks before it lets the event loop go on, so
   * that what has been done already need not come by the event loop: this makes those ready whose work is done, and
   * returns whether there were any. It is asked again until there are none, or with `look` false, which only says that
   * the event loop goes on.
   */
  collect: ((look: boolean) => boolean) | undefined;
  /** lib/inspect, which is loaded then: how sleeping tasks came to wait for ever. */
  describeDeadlock: ((asleep: readonly object[]) => string) | undefined;
  /** lib/compat: its fibers. */
  others: OtherFibers | undefined;
}

/**
 * Where the layers above give those below something to call, which know nothing of them. There is no other place for it
 * in lib. Where nobody does, it costs a comparison.
 */
export const instruments: Instruments = {
  observer: undefined,
  collect: undefined,
  describeDeadlock: undefined,
  others: undefined,
};
