import { chainStack } from '../fiber/chain-stack';
import { FiberError } from '../base/errors';
import { drive } from './drive';
import type { Effect } from './effect';
import type { Handling } from './handling';
import { PendingCall, type TailCall } from './tail-call';
import { showAs } from '../base/look';

/**
 * Everything between a `perform` and its handler, asleep: the rest of the handled body, any number of fibers. It
 * can be continued once, by whom and whenever you like. Its handler stays around it (a deep handler), so that
 * {@link resume} returns what the whole `handle` would.
 *
 * @typeParam A - what the effect is answered with
 * @typeParam R - what the handled body returns
 */
export class Continuation<A = unknown, R = unknown> {
  readonly #handling: Handling;
  readonly #effect: Effect<never, never>;
  /** It can be continued while this is the handling's. */
  readonly #turn: number;

  /** @internal */
  constructor(handling: Handling, effect: Effect<never, never>) {
    this.#handling = handling;
    this.#effect = effect;
    this.#turn = handling.turn;
  }

  /** Whether it was continued or dropped. */
  get used(): boolean {
    return this.#turn !== this.#handling.turn;
  }

  /** The JavaScript frames of where it sleeps, innermost first, one a line; empty when it is used. */
  get stack(): string {
    return this.used ? '' : chainStack(this.#handling.fiber);
  }

  /**
   * Makes `perform` return `value`. Returns what the body, or another clause of its handler, returns in
   * the end. A clause that has nothing to do afterwards returns {@link tailResume} instead: calls of `resume`
   * that wait for each other pile up stack, and end in a `RangeError` like any deep recursion.
   *
   * @throws what leaves the body; {@link FiberError} `ERR_CONTINUATION_USED`, `ERR_CONTINUATION_SCOPE`,
   * `ERR_FIBER_NESTING`
   */
  resume(value: A): R {
    const handling = this.unused();
    return drive(handling, handling.enter(value)) as R;
  }

  /**
   * Throws `error` from `perform`. Returns as {@link resume} does.
   *
   * @throws as {@link resume}
   */
  throw(error: unknown): R {
    const handling = this.unused();
    return drive(handling, handling.raise(error)) as R;
  }

  /**
   * Drops it: unwinds the body with a {@link FiberKilled} error thrown from `perform`, so that `finally` blocks
   * run. Returns what the body returns in spite of that, else `value`. Always ends, as {@link Fiber.return}
   * does. One that is used stays as it is.
   *
   * @throws any other error that leaves the body; {@link FiberError} `ERR_CONTINUATION_SCOPE`, `ERR_FIBER_NESTING`
   */
  return(value?: R): R | undefined {
    return this.used ? value : (this.#handling.kill(value) as R);
  }

  /**
   * {@link resume}, in the place of the clause that returns it: `return k.tailResume(value)`. However often
   * that happens, no stack piles up. Until it is returned, nothing happens.
   */
  tailResume(value: A): TailCall {
    return new PendingCall(this as never, false, value);
  }

  /** {@link throw}, in the place of the clause that returns it. */
  tailThrow(error: unknown): TailCall {
    return new PendingCall(this as never, true, error);
  }

  /**
   * What it continues.
   *
   * @throws {@link FiberError} `ERR_CONTINUATION_USED`
   * @internal
   */
  unused(): Handling {
    if (!this.used) return this.#handling;
    throw new FiberError(
      'ERR_CONTINUATION_USED',
      `The continuation of "${this.#effect.name}" was continued before, and each can be continued once`,
    );
  }
}

showAs(Continuation, ({ used }) => ({ used }));
