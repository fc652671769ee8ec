import type { Fiber } from './fiber';

/** Is told of what happens to fibers. Must not throw. */
export interface FiberObserver {
  created(fiber: Fiber): void;
  /** It is about to get a stack. */
  started(fiber: Fiber): void;
  ended(fiber: Fiber): void;
}

/** Who is told: nobody, which costs a comparison, unless somebody inspects. */
export const observed: { by: FiberObserver | undefined } = { by: undefined };
