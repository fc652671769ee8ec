import { instruments } from '../fiber/instruments';
import type FiberType from './fibers';

/**
 * From now on `wait` of greenfiber suspends a fiber of `fibers` that no task is around, as a future's `wait` does: its
 * `run` returns undefined, and the settled promise runs it again.
 */
export function letFibersWait(fibers: typeof FiberType): void {
  instruments.others = {
    canWait: () => fibers.current !== undefined,
    wait: (promise) => waitIn(fibers, promise),
  };
}

function waitIn(fibers: typeof FiberType, promise: PromiseLike<unknown>): unknown {
  let fiber = fibers.current;
  let outcome: { value: unknown } | { error: unknown } | undefined;
  const settle = (settled: typeof outcome): void => {
    outcome = settled;
    try {
      fiber?.run();
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  };
  promise.then(
    (value) => {
      settle({ value });
    },
    (error: unknown) => {
      settle({ error });
    },
  );
  try {
    // Somebody else may run it meanwhile, who does not know what it waits for.
    while (outcome === undefined) fibers.yield();
  } finally {
    fiber = undefined;
  }
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}
