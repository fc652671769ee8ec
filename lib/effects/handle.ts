import { FiberError } from '../base/errors';
import { checkFunction, wrongType } from '../base/validators';
import type { Continuation } from './continuation';
import { drive } from './drive';
import { Effect } from './effect';
import { Handling, type AnyClause } from './handling';
import type { TailCall } from './tail-call';
import { showAs } from '../base/look';

declare const resultType: unique symbol;

/**
 * What a handler makes of one effect; made by {@link on} and {@link answer}.
 *
 * @typeParam R - what `handle` returns when the clause does not continue the body
 */
export interface Clause<R> {
  readonly [resultType]: R;
}

class MadeClause implements Clause<never> {
  declare readonly [resultType]: never;

  constructor(
    readonly effect: Effect<never, never>,
    readonly run: AnyClause['run'],
    readonly answers: boolean,
  ) {}
}

showAs(MadeClause, ({ effect }) => ({ effect }));

/**
 * A clause that decides what becomes of the rest of the body. `run` is given the payload and the continuation,
 * and may continue it now, once and in whatever way, keep it for later, or drop it; what it returns is what
 * `handle` (or the call of {@link Continuation.resume} that led here) returns. In a task, of an async clause the
 * promise is waited for; elsewhere `handle` throws `ERR_FIBER_ASYNC_FUNCTION`.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
 */
export function on<P, A, R>(
  effect: Effect<P, A>,
  run: (payload: P, continuation: Continuation<A, R>) => R | TailCall,
): Clause<R> {
  return makeClause(effect, run, false);
}

/**
 * A clause whose answer is the effect's: `perform` returns what `run` returns and throws what it throws, but
 * `run` runs outside of the body, where the handler is. The cheapest kind, and no stack piles up. In a task, of an
 * async clause the promise is waited for; elsewhere `perform` throws `ERR_FIBER_ASYNC_FUNCTION`.
 *
 * @throws {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`
 */
export function answer<P, A>(effect: Effect<P, A>, run: (payload: P) => A): Clause<never> {
  return makeClause(effect, run, true);
}

/**
 * Runs `body`, and for every effect of a clause that it performs, that clause. Returns what the body returns, or
 * what a clause returns that does not continue it. Effects of the clauses themselves go to handlers further out,
 * as do all others. The handler stays around a continued body (it is deep).
 *
 * ```js
 * const Ask = effect('Ask');
 * handle(() => Ask.perform('how many?') + 1, on(Ask, (question, k) => k.resume(41))); // 42
 * ```
 *
 * @throws what leaves the body or a clause; {@link FiberError} `ERR_FIBER_INVALID_ARG_TYPE`,
 * `ERR_FIBER_INVALID_ARG_VALUE`, `ERR_FIBER_NESTING`, `ERR_FIBER_OUT_OF_MEMORY`
 */
export function handle<R>(body: () => R, ...clauses: readonly Clause<R>[]): R {
  checkFunction('body', body);
  const handling = new Handling(body, clauses.map(checkClause));
  return drive(handling, handling.start()) as R;
}

function makeClause(effect: unknown, run: unknown, answers: boolean): Clause<never> {
  if (!(effect instanceof Effect)) {
    throw wrongType('effect', 'an effect, made by effect(name)', effect);
  }
  checkFunction('run', run);
  return new MadeClause(effect as Effect<never, never>, run as AnyClause['run'], answers);
}

function checkClause(clause: unknown, index: number, all: readonly unknown[]): AnyClause {
  if (!(clause instanceof MadeClause)) {
    throw wrongType(`clauses[${String(index)}]`, 'a clause, made by on(…) or answer(…)', clause);
  }
  const { effect } = clause;
  if (all.findIndex((other) => (other as MadeClause).effect === effect) === index) return clause;
  throw new FiberError(
    'ERR_FIBER_INVALID_ARG_VALUE',
    `There are two clauses for the effect "${effect.name}": give one, or nest two handlers`,
  );
}
