import type { Continuation } from './continuation';

declare const isTailCall: unique symbol;

/**
 * What {@link Continuation.tailResume} and {@link Continuation.tailThrow} return, for a clause to return in turn: what its
 * handler goes on with when the clause has left the stack.
 */
export interface TailCall {
  readonly [isTailCall]: true;
}

/** @internal */
export class PendingCall implements TailCall {
  declare readonly [isTailCall]: true;

  constructor(
    readonly continuation: Continuation<never, never>,
    readonly raises: boolean,
    readonly value: unknown,
  ) {}
}
