import type { Fiber } from './fiber';
import type { Handle } from '../native/native';

/** Tells the constructor that the fiber was decided upon earlier, in the frame that follows. @internal */
export const LATE = Symbol('late');

/** What a scheduler and effect handlers do with the fibers that they own. */
export interface FiberAccess {
  handleOf: (fiber: Fiber) => Handle;
  /**
   * The asynchronous context that a fiber created now begins in, for one that is created later, with {@link LATE}.
   * Null: somebody wants to know of it now, or it inherits more than that.
   */
  frameOfLateFiber: () => unknown;
  /**
   * Runs the body of a created fiber until its chain first sleeps. Such a body never throws, and returns who
   * goes on in its place: a handle of a sleeping chain, a created fiber of the same kind, or -1.
   */
  startTask: (fiber: Fiber, value: unknown) => unknown;
  /** As `startTask`, in the place of the running chain with this root, which sleeps. */
  startOver: (fiber: Fiber, value: unknown, root: Handle) => void;
  /** Gives a created fiber the value that its body begins with. */
  prepare: (fiber: Fiber, value: unknown) => void;
  /** The fiber-locals of the running fiber, or of the main stack. */
  locals: () => Locals | undefined;
  setLocals: (locals: Locals | undefined) => void;
  localsOf: (fiber: Fiber) => Locals | undefined;
}

/** The values of fiber-locals, by their `FiberLocal`. Never changed, so that fibers can share it. */
export type Locals = ReadonlyMap<object, unknown>;
