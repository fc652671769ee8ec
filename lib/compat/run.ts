import { stackSizeOr } from '../fiber/configure';
import { Fiber as Greenfiber } from '../index';
import { releaseStack, takeStack } from './pool';

/** Room for some 16,000 empty calls, as in `fibers`, where programs recurse deeply. */
const STACK_SIZE = 1 << 20;

export type Body = (this: unknown, ...args: unknown[]) => unknown;

/**
 * What a Fiber object stands for. The fiber's own stack refers to this instead of the object, so that an object
 * that nobody refers to while its fiber sleeps can be collected, which tells that nobody will ever run it.
 */
export interface Identity {
  readonly body: Body;
  /** The latest run of the body. */
  run: Run | undefined;
  /** The Fiber object; undefined while the fiber sleeps. */
  object: object | undefined;
  /** The Fiber object while the fiber sleeps; undefined before it first does. */
  sleeper: WeakRef<object> | undefined;
}

/** A sleeping fiber that nobody can run any more is unwound in a task of its own, never by the collector. */
const abandoned = new FinalizationRegistry<Identity>(({ run }) => {
  if (run?.state === 'suspended') run.unwind();
});

/** One run of a body, from its start to its end. */
export class Run extends Greenfiber {
  readonly identity: Identity;
  #zombie: Error | undefined;

  constructor(identity: Identity, hasArgument: boolean) {
    const { body } = identity;
    const run = (first: unknown): unknown => {
      takeStack();
      try {
        return hasArgument ? body.call(globalThis, first) : body.call(globalThis);
      } finally {
        releaseStack();
      }
    };
    super(run, { stackSize: stackSizeOr(STACK_SIZE) });
    this.identity = identity;
  }

  /** The running fiber, if it is one of `fibers`. */
  static get running(): Run | undefined {
    const { current } = Greenfiber;
    return current instanceof Run ? current : undefined;
  }

  /** Suspends the run, which is the running fiber. */
  sleep(args: readonly unknown[]): unknown {
    if (this.#zombie !== undefined) throw this.#zombie;
    if (args.length > 1) throw new TypeError('yield() expects 1 or no arguments');
    const { identity } = this;
    if (identity.sleeper === undefined && identity.object !== undefined) {
      identity.sleeper = new WeakRef(identity.object);
      abandoned.register(identity.object, identity);
    }
    identity.object = undefined;
    try {
      return Greenfiber.yield(args[0]);
    } finally {
      // Still unset where greenfiber would not suspend, or where its own resume() continued the fiber.
      identity.object ??= identity.sleeper?.deref();
    }
  }

  /**
   * Raises "This Fiber is a zombie" at the yield where the run sleeps, and at every later one, until the body
   * ends. Returns what it returns.
   *
   * @throws any other error that leaves the body
   */
  unwind(): unknown {
    const zombie = new Error('This Fiber is a zombie');
    this.#zombie = zombie;
    try {
      const answer = this.throw(zombie);
      // It suspended through greenfiber's own yield, which knows no zombies.
      return this.done ? answer : this.return().value;
    } catch (error) {
      if (error !== zombie) throw error;
      return undefined;
    }
  }
}
